"""What v0.8's add-on does with a license, by the rules of its deployed code: one public key, built in; PyJWT with
algorithms=["EdDSA"]; `kid` and `typ` are not looked at; then the claims are read that every license has: whose it is, of
what kind, and for which module. Reads tokens from standard input, one per line, and writes one line per token: "valid
<jti>", or why not.

usage: v08_verifier.py <public key in PEM>
"""

import sys

import jwt

with open(sys.argv[1], encoding="ascii") as file:
    PUBLIC_KEY = file.read()

for line in sys.stdin:
    try:
        claims = jwt.decode(line.strip(), PUBLIC_KEY, algorithms=["EdDSA"])
        if claims["module"]["technical_name"] != "payroll":
            print("for another module")
        elif claims["customer"]["name"] and claims["license_type"]:
            print("valid", claims["jti"])
    except jwt.InvalidTokenError as error:
        print(type(error).__name__)
    except KeyError as error:
        print("no claim", error.args[0])
