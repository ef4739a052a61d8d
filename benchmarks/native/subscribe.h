/* The first message of a client. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "options.h"

enum { SUBSCRIBE_ROOM = 65536 };

/* Writes it into `out` (SUBSCRIBE_ROOM bytes); returns its size, 0 for none. A `cursor` from 0 on asks to resume there. */
size_t subscribe_write(char *out, const struct options *options, uint32_t client, int64_t cursor);
