/* Count cycles while Unicorn runs: the same arithmetic as python_engine.py, as native hooks.
 *
 * A block whose cost is not known yet, or the end of the budget, stops the emulation before the block runs;
 * nothing is counted for it then, so where a run is cut into slices leaves no trace in the counts. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SLOTS (1u << 17) /* power of two; the host empties the table when it is half full */
#define MAX_WAYS 64u

struct slot {
    uint32_t address, size, cycles, instructions, unmasks;
};

struct cache {
    uint32_t tag[MAX_WAYS];
    uint64_t used_at[MAX_WAYS];
    uint64_t uses;
    uint32_t last_tag;
    uint32_t ways, unit_shift; /* a tag is the address in flash, shifted */
};

struct engine {
    uint64_t cycles, instructions, deadline;
    uint32_t block_address, block_size, block_cycles, block_end;
    uint32_t missing, stopped, unaligned;
    uint32_t branch_cycles;
    uint32_t instruction_miss_cycles, following_miss_cycles, data_miss_cycles, instruction_cache_on, data_cache_on;
    uint32_t flash_origin, flash_bytes;
    int (*stop)(void *unicorn);
    struct slot *slots;
    struct cache instruction_lines, data_reads;
};

static int misses(struct cache *cache, uint32_t tag)
{
    if (tag == cache->last_tag) {
        return 0;
    }
    cache->last_tag = tag;
    cache->uses++;
    uint32_t oldest = 0;
    for (uint32_t way = 0; way < cache->ways; way++) {
        if (cache->tag[way] == tag) {
            cache->used_at[way] = cache->uses;
            return 0;
        }
        if (cache->used_at[way] < cache->used_at[oldest]) {
            oldest = way;
        }
    }
    cache->tag[oldest] = tag;
    cache->used_at[oldest] = cache->uses;
    return 1;
}

static struct slot *find(struct engine *engine, uint32_t address, uint32_t size)
{
    for (uint32_t at = (address >> 1) * 2654435761u >> 15;; at++) {
        struct slot *slot = &engine->slots[at & (SLOTS - 1)];
        if ((slot->address == address && slot->size == size) || slot->size == 0) {
            return slot;
        }
    }
}

void engine_forget_flash_lines(struct engine *engine)
{
    struct cache *caches[] = {&engine->instruction_lines, &engine->data_reads};
    for (int i = 0; i < 2; i++) {
        memset(caches[i]->tag, 0xFF, sizeof caches[i]->tag);
        memset(caches[i]->used_at, 0, sizeof caches[i]->used_at);
        caches[i]->uses = 0;
        caches[i]->last_tag = UINT32_MAX;
    }
}

void engine_learn(struct engine *engine, uint32_t address, uint32_t size, uint32_t cycles, uint32_t instructions,
                  uint32_t unmasks)
{
    struct slot *slot = find(engine, address, size);
    slot->address = address;
    slot->size = size;
    slot->cycles = cycles;
    slot->instructions = instructions;
    slot->unmasks = unmasks;
}

void engine_on_block(void *unicorn, uint64_t address64, uint32_t size, struct engine *engine)
{
    uint32_t address = (uint32_t)address64;
    if (size == 0) { /* nothing was translated: the fetch faults */
        return;
    }
    const struct slot *slot = find(engine, address, size);
    engine->missing = slot->size == 0;
    if (engine->missing || engine->cycles >= engine->deadline) {
        engine->stopped = 1;
        engine->block_address = address;
        engine->block_size = size;
        engine->stop(unicorn);
        return;
    }
    uint32_t cycles = slot->cycles;
    if (address != engine->block_end) {
        engine->cycles += engine->branch_cycles;
    }
    uint32_t offset = address - engine->flash_origin;
    if (engine->instruction_miss_cycles != 0 && offset < engine->flash_bytes) {
        struct cache *lines = &engine->instruction_lines;
        uint32_t last_line = (offset + size - 1) >> lines->unit_shift;
        for (uint32_t line = offset >> lines->unit_shift; line <= last_line; line++) {
            int follows = line == lines->last_tag + 1 && lines->uses != 0;
            if (misses(lines, line) || !engine->instruction_cache_on) {
                engine->cycles += follows ? engine->following_miss_cycles : engine->instruction_miss_cycles;
            }
        }
    }
    engine->cycles += cycles;
    engine->instructions += slot->instructions;
    engine->block_address = address;
    engine->block_size = size;
    engine->block_cycles = cycles;
    engine->block_end = address + size;
    if (slot->unmasks) {
        engine->deadline = 0; /* a pending interrupt may be taken now */
    }
}

void engine_on_flash_read(void *unicorn, int type, uint64_t address, int size, int64_t value,
                          struct engine *engine)
{
    (void)unicorn, (void)type, (void)size, (void)value;
    uint32_t number = ((uint32_t)address - engine->flash_origin) >> engine->data_reads.unit_shift;
    if (engine->data_miss_cycles != 0 && (misses(&engine->data_reads, number) || !engine->data_cache_on)) {
        engine->cycles += engine->data_miss_cycles;
    }
}

/* For cores that cannot access a word or halfword across its own multiples. */
void engine_on_any_access(void *unicorn, int type, uint64_t address, int size, int64_t value, struct engine *engine)
{
    (void)type, (void)value;
    if ((address & (uint64_t)(size - 1)) != 0 && engine->unaligned == 0) {
        engine->unaligned = (uint32_t)address;
        engine->stop(unicorn);
    }
}

/* A hook on peripheral accesses makes Unicorn bring the program counter up to date; it has nothing else to do. */
void engine_on_access(void *unicorn, int type, uint64_t address, int size, int64_t value, void *engine)
{
    (void)unicorn, (void)type, (void)address, (void)size, (void)value, (void)engine;
}
