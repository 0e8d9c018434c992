from __future__ import annotations

import os
from typing import Union

from .client import TrustedKeys, trusted_keys


def read_pinned_keys(folder: Union[str, "os.PathLike[str]"]) -> TrustedKeys:
    """Reads the public keys that the add-on was shipped with. Each file is one Ed25519 key in PEM, named
    ``<kid>.public.pem`` or ``<kid>.pem``. A compromised key is removed by removing its file.

    :raises ValueError: when a file is not such a key, and names the file
    """
    keys = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".pem"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            key = {"kid": name[: -len(".pem")].removesuffix(".public"), "pem": file.read()}
        try:
            trusted_keys([key])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        keys.append(key)
    return trusted_keys(keys)
