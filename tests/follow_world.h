/*
 * A sidecar's follower over a state and keys made for one test, and visits for
 * it. Include after cmocka.h.
 */

#ifndef SENDA_TESTS_FOLLOW_WORLD_H
#define SENDA_TESTS_FOLLOW_WORLD_H

#include "contact_fields.h"
#include "follow.h"
#include "scratch.h"
#include "senda_keys.h"
#include "senda_seal.h"

typedef struct {
    char store[SCRATCH_MAX];
    state_t *s;
    senda_keys_t nginx, sidecar;
    senda_sealer_t *sealer;
    run_clock_t clock;
    follow_t *follow;
    follow_item_t item;
    char record[SENDA_RECORD_MAX];
    program_t program;
} fixture_t;

static const prog_field_t fields[] = {
    { .name = "interes", .type = VALUE_TEXT },
    { .name = "talla", .type = VALUE_NUMBER },
    { .name = "cumpleanos", .type = VALUE_DATE },
};

static inline const program_t *
program_of(void *ctx, uint32_t site)
{
    const fixture_t *f = ctx;

    return site == 1 ? &f->program : NULL;
}

static inline int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char dir[SCRATCH_MAX + 8];
    senda_err_t err = { "" };

    scratch_make(f->store);
    (void)snprintf(dir, sizeof(dir), "%s/state", f->store);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
    assert_int_equal(senda_keys_make(&f->nginx, &f->sidecar, &err), SENDA_OK);
    assert_int_equal(senda_sealer_new(&f->sealer, f->nginx.seal_public, &err), SENDA_OK);
    f->clock = (run_clock_t){ 1, 0 };
    f->program = (program_t){ .site_id = 1, .nfields = 3, .fields = fields };
    f->follow = follow_new(f->s, &f->clock, f->sidecar.seal_secret, program_of, f);
    *state = f;
    return 0;
}

static inline int
teardown(void **state)
{
    fixture_t *f = *state;

    follow_free(f->follow);
    senda_sealer_free(f->sealer);
    state_close(f->s);
    scratch_remove(f->store);
    free(f);
    return 0;
}

static inline senda_str_t
slice(const char *text)
{
    return (senda_str_t){ text, text != NULL ? strlen(text) : 0 };
}

/* Seals what is said (NULL: nothing), packs the visit and follows it. */
static inline senda_rc_t
follow_all(fixture_t *f, senda_visit_t v, const char *contact, const char *event, const char *form)
{
    char plain[SENDA_SEALED_MAX], sealed[SENDA_SEALED_MAX];
    senda_private_t p = { slice(contact), slice(event), slice(form) };
    size_t n;

    if (contact != NULL || event != NULL || form != NULL) {
        n = senda_private_dump(&p, plain, sizeof(plain));
        v.sealed = (senda_str_t){ sealed,
            senda_seal(f->sealer, (senda_str_t){ plain, n }, sealed, sizeof(sealed)) };
        assert_true(v.sealed.n > 0);
    }
    n = senda_visit_dump(&v, f->record, sizeof(f->record));
    assert_true(n > 0);
    return follow_read(f->follow, (senda_str_t){ f->record, n }, &f->item);
}

static inline senda_rc_t
follow(fixture_t *f, senda_visit_t v, const char *contact, const char *event)
{
    return follow_all(f, v, contact, event, NULL);
}

static inline senda_visit_t
visit(uint8_t visitor, senda_ms_t at)
{
    return (senda_visit_t){ .site = 1,
        .at = at,
        .visitor = { { visitor } },
        .flags = SENDA_VISIT_PAGE,
        .path = SENDA_STR("/cart") };
}

#endif
