"""The way to Redis, from one URL: a single server, Sentinel, or a cluster. Needs the extra ``redis``."""

from bigboard.redis_link.address import RedisAddress
from bigboard.redis_link.client import REDIS_AWAY, NoScriptError, RedisClient, ResponseError, close_redis, open_redis
from bigboard.redis_link.patience import within

__all__ = [
    "REDIS_AWAY",
    "NoScriptError",
    "RedisAddress",
    "RedisClient",
    "ResponseError",
    "close_redis",
    "open_redis",
    "within",
]
