#define _GNU_SOURCE
#include "message.h"

#include <string.h>

/* Places stand before the data, which may be long. */
enum { HEAD = 256 };

static int64_t number_after(const char *text, size_t size, const char *name) {
    size_t length = strlen(name);
    const char *at = memmem(text, size, name, length), *end = text + size;
    if (at == NULL) return -1;
    int64_t number = 0;
    for (at += length; at < end && *at >= '0' && *at <= '9'; at++) number = 10 * number + (*at - '0');
    return number;
}

static int starts(const char *text, size_t size, const char *with) {
    size_t length = strlen(with);
    return size >= length && memcmp(text, with, length) == 0;
}

struct message message_read(const char *text, size_t size) {
    struct message message = {KIND_OTHER, -1, -1, 0};
    size_t head = size < HEAD ? size : HEAD;
    if (starts(text, size, "{\"type\":\"diff_update\"")) {
        message.kind = KIND_DIFF;
        message.since = number_after(text, head, "\"since\":");
    } else if (starts(text, size, "{\"type\":\"state_update\"")) {
        message.kind = KIND_STATE;
    } else if (starts(text, size, "{\"type\":\"heartbeat\"")) {
        message.kind = KIND_HEARTBEAT;
    } else if (starts(text, size, "{\"type\":\"subscribed\"")) {
        message.kind = KIND_SUBSCRIBED;
        message.resumed = memmem(text, size, "\"resumed\":true", 14) != NULL;
        head = size; /* here a list of names comes first */
    } else {
        return message;
    }
    message.sequence = number_after(text, head, "\"sequence\":");
    return message;
}
