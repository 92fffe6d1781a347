/* Key generation, signing and verification of a message of 59 bytes, as the published figures name them. */
#include <stddef.h>

#include "api.h"
#include "measured.h"
#include "randombytes.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(name) JOIN(MUPQ_NAMESPACE, name)

enum { MESSAGE_BYTES = 59 };

static uint8_t secret[NAMED(CRYPTO_SECRETKEYBYTES)], shared[NAMED(CRYPTO_PUBLICKEYBYTES)];
static uint8_t message[MESSAGE_BYTES], sealed[MESSAGE_BYTES + NAMED(CRYPTO_BYTES)];

void measured(void)
{
    for (int run = 0; run < RUNS; run++) {
        size_t length = 0;
        uint32_t start = CYCCNT;
        NAMED(crypto_sign_keypair)(shared, secret);
        note_cycles(CYCCNT - start);
        (void)randombytes(message, MESSAGE_BYTES);
        start = CYCCNT;
        NAMED(crypto_sign)(sealed, &length, message, MESSAGE_BYTES, secret);
        note_cycles(CYCCNT - start);
        start = CYCCNT;
        int failed = NAMED(crypto_sign_open)(sealed, &length, sealed, length, shared);
        note_cycles(CYCCNT - start);
        if (failed) {
            note_failure();
        }
    }
}
