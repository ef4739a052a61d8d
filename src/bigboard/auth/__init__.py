"""How a server knows its clients: API keys and JSON Web Tokens. No server is needed to make a key."""

from bigboard.auth.api_key import ApiKey, KeyRing, new_key
from bigboard.auth.key_file import KeyFile
from bigboard.auth.server_credentials import CredentialSource, ServerCredentials

__all__ = ["ApiKey", "CredentialSource", "KeyFile", "KeyRing", "ServerCredentials", "new_key"]
