"""What runs inside Redis: each script is one step that nobody can come between.

Three keys of one hash tag belong to a board, so that they live on one node of a cluster:

- ``:log``, a stream. Each commit is an entry ``<generation>-<sequence>`` with ``t`` (when it came, by the clock of Redis,
  epoch milliseconds), ``b`` (bytes of all diffs of this generation up to here) and ``d`` (the diff). An entry
  ``<generation>-0`` begins a history.
- ``:snapshot``, a hash. ``data`` is the snapshot, ``sequence`` its position, ``saved_at`` when it came. ``before``,
  ``before_sequence`` and ``before_at`` are one that is some 10 to 40 s older, if it is not large. Beside them stands where
  the log is: ``epoch``, ``generation``, ``first`` and ``last`` (the log goes from after ``first`` to ``last``), ``bytes``,
  ``writer`` (who wrote last) and ``server``.
- ``:lease``, a string that expires: the token of the leader, ``OWNER:NUMBER``.

*Generation.* A reader waits for entries after the one that it has, and Redis knows of order alone: an epoch that began at
1 again would stay unseen by whoever waits for 501. So each epoch gets a number greater than the one before, by the clock
of Redis, which is greater also when Redis has forgotten everything.

*Before.* A gateway can diff from no cursor older than the snapshot that it began with. If that were always the newest, a
client whose gateway died could not resume on one that has just started, as when all are restarted in turn.

*Server.* Redis may restart with data of a minute ago, or a replica that was behind becomes the master. Then the log lacks
commits that followers have seen, and to number new ones like those would give clients wrong states. The id of the
replication history changes in just these cases; a leader notes it beside the log when it has seen that nothing is
missing. As long as the noted id is another one, nobody knows whether the log is whole.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ACQUIRE", "APPEND", "HEAD", "RELEASE", "RENEW", "SAVE"]

_BEFORE_MS: Final = 30_000
_BEFORE_BYTES: Final = 16 * 2**20
"""To keep a snapshot twice Redis copies it, and does nothing else meanwhile: some milliseconds at this size."""

_SERVER: Final = """
local function server()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
end
"""

_NOW: Final = """
local function now()
  local clock = redis.call('TIME')
  return tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
end
"""

_HEAD: Final = f"""{_SERVER}
local function head()
  local s = redis.call('HMGET', KEYS[2], 'epoch', 'generation', 'first', 'last', 'writer', 'server')
  if not s[1] then return false end
  return {{s[1], s[2], s[3], s[4], s[5], s[6] == server() and 1 or 0}}
end
"""

HEAD: Final = f"{_HEAD} return head()"
"""Where the history stands: epoch, generation, first, last, writer, and whether ``server`` is this one."""

ACQUIRE: Final = f"""{_HEAD}
local held = redis.call('GET', KEYS[3])
if held and string.sub(held, 1, #ARGV[2] + 1) ~= ARGV[2] .. ':' then return {{0, false}} end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
return {{1, head()}}
"""
"""token, owner, milliseconds. Whether the lease is the caller's now, and then where the history stands.

An owner need not wait for a lease of its own that it has given up.
"""

RENEW: Final = f"""{_SERVER}
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'fenced' end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
if ARGV[3] == '' then return 'ok' end
local s = redis.call('HMGET', KEYS[2], 'epoch', 'last', 'server')
if s[1] ~= ARGV[3] or tonumber(s[2]) < tonumber(ARGV[4]) then return 'lost' end
local now = server()
if s[3] ~= now then redis.call('HSET', KEYS[2], 'server', now) end
return 'ok'
"""
"""token, milliseconds, and epoch (or an empty text) and sequence of the last commit that Redis is known to have had."""

RELEASE: Final = """
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
return 'ok'
"""

APPEND: Final = f"""{_NOW}
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {{'fenced', '', 0}} end
local s = redis.call('HMGET', KEYS[2], 'epoch', 'generation', 'first', 'last', 'sequence', 'bytes', 'writer')
if not s[1] then return {{'lost', '', 0}} end
local first, last, covered = tonumber(s[3]), tonumber(s[4]), tonumber(s[5])
local since, sequence, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
if s[1] ~= ARGV[3] then return {{'gap', s[1], last}} end
if last == sequence and s[7] == ARGV[2] then return {{'ok', '', 0}} end
if last < since or (last > first and redis.call('EXISTS', KEYS[1]) == 0) then return {{'lost', s[1], last}} end
if last ~= since or sequence <= since then return {{'gap', s[1], last}} end
if last - first >= most then
  local to = math.min(covered, last - math.floor(most / 2))
  if to > first then
    redis.call('XTRIM', KEYS[1], 'MINID', string.format('%s-%.0f', s[2], to + 1))
    redis.call('HSET', KEYS[2], 'first', string.format('%.0f', to))
    first = to
  end
  if last - first >= most then return {{'full', s[1], last - first}} end
end
local bytes = string.format('%.0f', tonumber(s[6]) + #ARGV[6])
redis.call('XADD', KEYS[1], s[2] .. '-' .. ARGV[5], 't', string.format('%.0f', now()), 'b', bytes, 'd', ARGV[6])
redis.call('HSET', KEYS[2], 'last', ARGV[5], 'bytes', bytes, 'writer', ARGV[2])
return {{'ok', '', 0}}
"""
"""token, owner, epoch, since, sequence, diff, most diffs. A word, and the epoch and a number that explain it.

A diff may span several commits, where a leader writes at once what the log did not get while it was away.

``writer`` tells a repeated append of the one who wrote that commit from one of another leader, whose commit of the same
number is another commit.
"""

SAVE: Final = f"""{_SERVER}{_NOW}
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {{'fenced', '', 0}} end
local s = redis.call('HMGET', KEYS[2], 'epoch', 'generation', 'first', 'last', 'sequence', 'bytes', 'before_at', 'saved_at')
if s[1] ~= ARGV[3] then
  local generation = string.format('%.0f', math.max(tonumber(s[2] or 0) + 1, now()))
  redis.call('DEL', KEYS[1])
  redis.call('HDEL', KEYS[2], 'before', 'before_sequence', 'before_at')
  redis.call('XADD', KEYS[1], generation .. '-0', 'e', ARGV[3])
  redis.call('HSET', KEYS[2], 'epoch', ARGV[3], 'generation', generation, 'first', ARGV[4], 'last', ARGV[4],
    'sequence', ARGV[4], 'data', ARGV[5], 'bytes', '0', 'writer', ARGV[2], 'server', server(),
    'saved_at', string.format('%.0f', now()))
  return {{'ok', '', 0}}
end
local first, last, sequence = tonumber(s[3]), tonumber(s[4]), tonumber(ARGV[4])
if sequence > last then return {{'lost', s[1], last}} end
if sequence < tonumber(s[5]) then return {{'ok', '', 0}} end
if now() - tonumber(s[7] or 0) >= {_BEFORE_MS} and redis.call('HSTRLEN', KEYS[2], 'data') <= {_BEFORE_BYTES} then
  redis.call('HSET', KEYS[2], 'before', redis.call('HGET', KEYS[2], 'data'), 'before_sequence', s[5],
    'before_at', s[8] or '0')
end
redis.call('HSET', KEYS[2], 'sequence', ARGV[4], 'data', ARGV[5], 'server', server(),
  'saved_at', string.format('%.0f', now()))
local low, high, oldest = first, sequence, now() - tonumber(ARGV[6])
while low < high do
  local middle = math.ceil((low + high) / 2)
  local id = string.format('%s-%.0f', s[2], middle)
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  local old = true
  if entry then
    old = tonumber(entry[2][2]) < oldest or tonumber(s[6]) - tonumber(entry[2][4]) >= tonumber(ARGV[7])
  end
  if old then low = middle else high = middle - 1 end
end
if low > first then
  redis.call('XTRIM', KEYS[1], 'MINID', string.format('%s-%.0f', s[2], low + 1))
  redis.call('HSET', KEYS[2], 'first', string.format('%.0f', low))
end
return {{'ok', '', 0}}
"""
"""token, owner, epoch, sequence, snapshot, milliseconds and bytes of what it covers that stay in the log for who is behind.

The search is for the last diff that may go: age, and bytes that came after it, only grow towards the old end.
"""
