/* Count cycles while Unicorn runs: the same arithmetic as python_engine.py, as native hooks.
 *
 * A block whose cost is not known yet, or the end of the budget, stops the emulation before the block runs;
 * nothing is counted for it then, so where a run is cut into slices leaves no trace in the counts. */
#include <stdint.h>
#include <string.h>

#define SLOTS (1u << 17) /* power of two; the host empties the table when it is half full */
#define MAX_LINES 1024u
#define HINTS 256u
#define PREDICTED_BRANCHES 64u
#define STRONGLY_TAKEN 3u
#define WEAKLY_TAKEN 2u
#define ACCESSES (1u << 16) /* the host empties this table, too, before it is full */
#define CACHED_RAMS 2u
#define IT_BITS 0x0600FC00u /* ARM DDI 0403, B1.4.2: of xPSR; of CPSR, as Unicorn has it, the same */
#define NO_REGISTER 0 /* Unicorn numbers registers from 1 */

struct slot {
    uint32_t address, size, cycles, entering, leaving, instructions, unmasks, first_access;
};

struct cache {
    uint32_t tag[MAX_LINES];
    uint64_t used_at[MAX_LINES];
    uint16_t hint[HINTS]; /* where a tag was found last */
    uint64_t uses;
    uint32_t last_tag;
    uint32_t ways, set_mask, unit_shift, keeps_used; /* a tag is an address, shifted */
};

/* Reads or writes of the instruction at `address`, from offset + base + (index << shift) on, `count` of them. */
struct access {
    uint32_t address, offset;
    uint8_t base, index, shift, count, step, is_read;
};

struct range {
    uint32_t origin, bytes;
};

struct prediction {
    uint32_t from, to, counter;
};

struct engine {
    uint64_t cycles, instructions, deadline;
    uint32_t block_address, block_size, block_cycles, block_end;
    uint32_t missing, stopped;
    uint32_t leaving, mispredict_cycles;
    uint32_t instruction_miss_cycles, following_miss_cycles, data_miss_cycles, ram_miss_cycles;
    uint32_t instruction_cache_on, data_cache_on, shares_cache;
    uint32_t flash_origin, flash_bytes;
    uint32_t last_line;
    int (*stop)(void *unicorn);
    int (*read_register)(void *unicorn, int number, void *value);
    int (*write_register)(void *unicorn, int number, const void *value);
    uint32_t status_register;
    struct slot *slots;
    const struct access *accesses, *next_access;
    struct range cached_ram[CACHED_RAMS];
    struct cache instruction_lines, data_lines;
    struct prediction predictions[PREDICTED_BRANCHES];
};

static int misses(struct cache *cache, uint32_t tag)
{
    if (tag == cache->last_tag) {
        return 0;
    }
    cache->last_tag = tag;
    cache->uses++;
    uint16_t *hint = &cache->hint[tag & (HINTS - 1)];
    if (cache->tag[*hint] == tag) {
        if (cache->keeps_used) {
            cache->used_at[*hint] = cache->uses;
        }
        return 0;
    }
    uint32_t first = (tag & cache->set_mask) * cache->ways;
    uint32_t oldest = first;
    for (uint32_t line = first; line < first + cache->ways; line++) {
        if (cache->tag[line] == tag) {
            if (cache->keeps_used) {
                cache->used_at[line] = cache->uses;
            }
            *hint = (uint16_t)line;
            return 0;
        }
        if (cache->used_at[line] < cache->used_at[oldest]) {
            oldest = line;
        }
    }
    cache->tag[oldest] = tag;
    cache->used_at[oldest] = cache->uses;
    *hint = (uint16_t)oldest;
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

void engine_forget_caches(struct engine *engine)
{
    struct cache *caches[] = {&engine->instruction_lines, &engine->data_lines};
    for (int i = 0; i < 2; i++) {
        memset(caches[i]->tag, 0xFF, sizeof caches[i]->tag);
        memset(caches[i]->used_at, 0, sizeof caches[i]->used_at);
        memset(caches[i]->hint, 0, sizeof caches[i]->hint);
        caches[i]->uses = 0;
        caches[i]->last_tag = UINT32_MAX;
    }
    engine->last_line = UINT32_MAX - 1; /* no line follows it */
    memset(engine->predictions, 0, sizeof engine->predictions);
}

void engine_learn(struct engine *engine, const struct slot *learnt)
{
    *find(engine, learnt->address, learnt->size) = *learnt;
}

/* Where branches go is remembered by their end; one that is not remembered is predicted not to be taken. */
static uint32_t misprediction(struct engine *engine, uint32_t to)
{
    uint32_t from = engine->block_end;
    uint32_t taken = to != from;
    struct prediction *seen = &engine->predictions[(from >> 1) & (PREDICTED_BRANCHES - 1)];
    if (seen->from != from) {
        if (!taken) {
            return 0;
        }
        *seen = (struct prediction){from, to, STRONGLY_TAKEN};
        return engine->mispredict_cycles;
    }
    uint32_t predicted = seen->counter >= WEAKLY_TAKEN;
    uint32_t right = taken ? predicted && seen->to == to : !predicted;
    if (taken) {
        seen->counter += seen->counter < STRONGLY_TAKEN;
        seen->to = to;
    } else {
        seen->counter -= seen->counter > 0;
    }
    return right ? 0 : engine->mispredict_cycles;
}

static uint32_t fetch_stalls(struct engine *engine, uint32_t address, uint32_t size)
{
    struct cache *lines = &engine->instruction_lines;
    uint32_t stalls = 0;
    uint32_t last = (address + size - 1) >> lines->unit_shift;
    for (uint32_t line = address >> lines->unit_shift; line <= last; line++) {
        uint32_t follows = line == engine->last_line + 1;
        engine->last_line = line;
        if (misses(lines, line) || !engine->instruction_cache_on) {
            stalls += follows ? engine->following_miss_cycles : engine->instruction_miss_cycles;
        }
    }
    return stalls;
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
        engine->next_access = engine->accesses; /* none */
        engine->block_address = address;
        engine->block_size = size;
        engine->stop(unicorn);
        return;
    }
    uint64_t cycles = slot->cycles;
    if (address != engine->block_end) {
        cycles += engine->leaving + slot->entering;
    }
    if (engine->mispredict_cycles != 0) {
        cycles += misprediction(engine, address);
    }
    if (engine->instruction_miss_cycles != 0 && address - engine->flash_origin < engine->flash_bytes) {
        cycles += fetch_stalls(engine, address, size);
    }
    engine->cycles += cycles;
    engine->instructions += slot->instructions;
    engine->block_address = address;
    engine->block_size = size;
    engine->block_cycles = slot->cycles;
    engine->block_end = address + size;
    engine->leaving = slot->leaving;
    engine->next_access = engine->accesses + slot->first_access;
    if (slot->unmasks) {
        engine->deadline = 0; /* a pending interrupt may be taken now */
    }
}

static int data_misses(struct engine *engine, uint32_t address)
{
    struct cache *cache = engine->shares_cache ? &engine->instruction_lines : &engine->data_lines;
    return misses(cache, address >> cache->unit_shift) || !engine->data_cache_on;
}

static int is_within(struct range range, uint32_t address)
{
    return address - range.origin < range.bytes;
}

/* Of RAM behind the core's data cache what is written is cached as well, and nobody waits for it. */
static void touch(struct engine *engine, uint32_t address, uint32_t is_read)
{
    struct range flash = {engine->flash_origin, engine->flash_bytes};
    uint32_t miss_cycles = engine->ram_miss_cycles;
    if (is_within(flash, address)) {
        miss_cycles = is_read ? engine->data_miss_cycles : 0;
    } else if (!is_within(engine->cached_ram[0], address) && !is_within(engine->cached_ram[1], address)) {
        return;
    }
    if (miss_cycles != 0 && data_misses(engine, address) && is_read) {
        engine->cycles += miss_cycles;
    }
}

static uint32_t value_of(struct engine *engine, void *unicorn, int number)
{
    uint32_t value = 0;
    if (number != NO_REGISTER) {
        engine->read_register(unicorn, number, &value);
    }
    return value;
}

/* Before each instruction: Unicorn's hooks of accesses would tell their addresses, but first find out where in the
 * block they are, which takes several times as long as all the rest. An instruction that its condition skips is not
 * reported. */
void engine_on_instruction(void *unicorn, uint64_t address64, uint32_t size, struct engine *engine)
{
    (void)size;
    uint32_t address = (uint32_t)address64;
    const struct access *access = engine->next_access;
    while (access->address < address) {
        access++;
    }
    engine->next_access = access;
    if (access->address != address) {
        return;
    }
    uint32_t at = access->offset + value_of(engine, unicorn, access->base);
    at += value_of(engine, unicorn, access->index) << access->shift;
    for (uint32_t i = 0; i < access->count; i++, at += access->step) {
        touch(engine, at, access->is_read);
    }
}

/* Peripherals are protected, so that Unicorn asks, having brought the program counter up to date. With it come the bits
 * of an IT block around the access, which would be left over for the next block: they are cleared. */
int engine_on_access(void *unicorn, int type, uint64_t address, int size, int64_t value, struct engine *engine)
{
    (void)type, (void)address, (void)size, (void)value;
    uint32_t status = value_of(engine, unicorn, (int)engine->status_register);
    if ((status & IT_BITS) != 0) {
        status &= ~IT_BITS;
        engine->write_register(unicorn, (int)engine->status_register, &status);
    }
    return 1;
}
