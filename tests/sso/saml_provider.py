"""A provider of SAML as far as a server can tell: its metadata, and answers that are signed with its key."""

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from kernel import clock

ENTITY, SIGN_ON = "https://idp.example.edu/saml", "https://idp.example.edu/sign-on"
HERE = ip_address("127.0.0.1")
"""A certificate of it serves for TLS, too."""
MAIL, NAME, GROUPS = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:0.9.2342.19200300.100.1.1", "memberOf"
METADATA = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sign_on}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" IssueInstant="{now}"
 Destination="{place}"{answered}><saml:Issuer>{entity}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="_assertion" Version="2.0" IssueInstant="{now}"><saml:Issuer>{entity}</saml:Issuer>
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_somebody</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 NotOnOrAfter="{later}" Recipient="{place}"{answered}/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{earlier}" NotOnOrAfter="{later}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_session"><saml:AuthnContext><saml:AuthnContextClassRef
>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""


@dataclass(frozen=True)
class SamlProvider:
    """`key`: by which it signs."""

    key: rsa.RSAPrivateKey

    @cached_property
    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.edu")])
        now = clock.now()
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(HERE)]), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    @property
    def private_key(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def metadata(self) -> str:
        lines = self.certificate.strip().splitlines()[1:-1]
        return METADATA.format(entity=ENTITY, sign_on=SIGN_ON, certificate="".join(lines))

    def answer(self, origin: str, request_id: str | None, attributes: dict[str, list[str]]) -> str:
        """What a browser posts: the signed answer to a request, or to none, as base64."""
        now = clock.now()
        xml = RESPONSE.format(
            entity=ENTITY,
            place=f"{origin}/sso/saml/acs/",
            audience=f"{origin}/sso/saml/metadata/",
            answered=f' InResponseTo="{request_id}"' if request_id else "",
            attributes="".join(_attribute(name, values) for name, values in attributes.items()),
            now=_instant(now),
            earlier=_instant(now - timedelta(minutes=1)),
            later=_instant(now + timedelta(minutes=1)),
        )
        return base64.b64encode(OneLogin_Saml2_Utils.add_sign(xml, self.private_key, self.certificate)).decode()


def saml_provider() -> SamlProvider:
    return SamlProvider(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def request_id_in(location: str) -> str:
    """Of the request that a browser carries to the provider."""
    packed = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
    return fromstring(zlib.decompress(base64.b64decode(packed), -15)).attrib["ID"]


def _attribute(name: str, values: list[str]) -> str:
    inner = "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{name}">{inner}</saml:Attribute>'


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
