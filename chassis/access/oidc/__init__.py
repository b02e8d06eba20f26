"""Bearer tokens of an identity provider: OpenID Connect Discovery 1.0, JWT (RFC 7519, RFC 9068)."""
