#include "subscribe.h"

#include <stdio.h>
#include <stdlib.h>

/* splitmix64 (Steele, Lea, Flood 2014): a small generator, so that a seed and a client's number give its watch list. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t watch_list(char *out, size_t room, const struct options *o, uint32_t client) {
    uint64_t state = o->seed << 32 ^ client;
    int *order = malloc(sizeof *order * (size_t)o->symbols);
    for (int at = 0; at < o->symbols; at++) order[at] = at;
    size_t size = (size_t)snprintf(out, room, "[");
    for (int at = 0; at < o->watched && size < room; at++) {
        int other = at + (int)(next_random(&state) % (uint64_t)(o->symbols - at));
        int symbol = order[other];
        order[other] = order[at];
        size += (size_t)snprintf(out + size, room - size, "%s\"market_data:S%dUSDT\"", at ? "," : "", symbol);
    }
    free(order);
    return size < room ? size + (size_t)snprintf(out + size, room - size, "]") : room;
}

static size_t board_subscribe(char *out, const struct options *o, uint32_t client, int64_t cursor) {
    size_t room = SUBSCRIBE_ROOM, size = (size_t)snprintf(out, room, "{\"action\":\"subscribe\",\"subscriptions\":");
    if (o->watched > 0)
        size += watch_list(out + size, room - size - 256, o, client);
    else
        size += (size_t)snprintf(out + size, room - size - 256, "%s", o->subscriptions);
    if (size > room - 256) {
        fprintf(stderr, "the subscriptions do not fit into %d bytes\n", SUBSCRIBE_ROOM);
        exit(2);
    }
    if (o->interval_ms > 0) size += (size_t)snprintf(out + size, room - size, ",\"interval_ms\":%d", o->interval_ms);
    if (cursor >= 0)
        size += (size_t)snprintf(out + size, room - size, ",\"resume\":{\"epoch\":\"%.64s\",\"sequence\":%lld}", o->epoch,
                                 (long long)cursor);
    return size + (size_t)snprintf(out + size, room - size, "}");
}

size_t subscribe_write(char *out, const struct options *o, uint32_t client, int64_t cursor) {
    switch (o->tongue) {
    case TONGUE_BOARD: return board_subscribe(out, o, client, cursor);
    case TONGUE_NATS:
        return (size_t)snprintf(out, SUBSCRIBE_ROOM,
                                "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB board 1\r\nPING\r\n");
    case TONGUE_PLAIN: break;
    }
    return 0;
}
