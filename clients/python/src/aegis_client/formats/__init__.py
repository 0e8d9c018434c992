"""How signed texts are written: base64url, JSON, compact JWS, Crockford's Base32. Nothing here knows what they say."""
