"""Other published APIs over the same tables: wire format in, one service or query call, wire format out."""
