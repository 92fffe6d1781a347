/* Key generation, encapsulation and decapsulation, as the published figures name them. */
#include <string.h>

#include "api.h"
#include "measured.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(name) JOIN(MUPQ_NAMESPACE, name)

static uint8_t sent[NAMED(CRYPTO_BYTES)], received[NAMED(CRYPTO_BYTES)];
static uint8_t secret[NAMED(CRYPTO_SECRETKEYBYTES)], shared[NAMED(CRYPTO_PUBLICKEYBYTES)];
static uint8_t sealed[NAMED(CRYPTO_CIPHERTEXTBYTES)];

void measured(void)
{
    for (int run = 0; run < RUNS; run++) {
        uint32_t start = CYCCNT;
        NAMED(crypto_kem_keypair)(shared, secret);
        note_cycles(CYCCNT - start);
        start = CYCCNT;
        NAMED(crypto_kem_enc)(sealed, sent, shared);
        note_cycles(CYCCNT - start);
        start = CYCCNT;
        NAMED(crypto_kem_dec)(received, sealed, secret);
        note_cycles(CYCCNT - start);
        if (memcmp(sent, received, sizeof sent) != 0) {
            note_failure();
        }
    }
}
