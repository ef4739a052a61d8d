"""The way to Redis, from one URL: a single server, Sentinel, or a cluster. Needs the extra ``redis``."""

from bigboard.redis_link.address import RedisAddress
from bigboard.redis_link.client import REDIS_AWAY, RedisClient, open_redis

__all__ = ["REDIS_AWAY", "RedisAddress", "RedisClient", "open_redis"]
