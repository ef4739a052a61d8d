/* What the crowd has to know of a message: its kind and its place in the sequence of commits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum kind { KIND_DIFF, KIND_STATE, KIND_SUBSCRIBED, KIND_HEARTBEAT, KIND_OTHER };

struct message {
    enum kind kind;
    int64_t since;    /* -1 if the message has none */
    int64_t sequence; /* -1 if the message has none */
    int resumed;
};

/* Reads a message of the board's protocol in JSON, as Bigboard writes it: `type` first, no spaces. */
struct message message_read(const char *text, size_t size);
