"""Other servers are called here: a call takes no longer than it may, and leads where it was checked to lead.

    addresses      which addresses and names are inside
    destinations   a URL taken apart, and judged
    wire           names, connections, and sockets whose every wait ends in time
    exchange       one request and its answer, as long as it may be
    redirects      … and where that leads, each place judged anew

A name is resolved once for each request, every address it has is judged, and the connection goes to such an address;
the name stays in `Host`, in the TLS handshake and in the check of the certificate. That is why it is `http.client` on a
socket of ours, not httpx: that looks names up by itself, and knows no deadline for all of a call.
No proxy of the environment is used, no cookie kept, nothing packed asked for.
"""
