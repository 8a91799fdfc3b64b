/*
 * Contacts in a list, and a table from what a log shows to their numbers.
 * Looking up allocates nothing. Memory comes from GLib, which ends the program
 * when there is none.
 */

#include "replay_contacts.h"
#include "csv_file.h"
#include "header.h"

#include <glib.h>

typedef enum {
    BY_EMAIL,
    BY_PHONE,
    BY_USER,
    BY_ORDER,
    BY_IP,
    KEYS,
    OF_NAME = KEYS,
    OF_CONSENT,
    OF_FIELD,
    OF_NOTHING
} column_t;

static const struct {
    const char *name;
    column_t column;
} columns[] = {
    { "email", BY_EMAIL },
    { "e-mail", BY_EMAIL },
    { "correo", BY_EMAIL },
    { "phone", BY_PHONE },
    { "telefono", BY_PHONE },
    { "user", BY_USER },
    { "usuario", BY_USER },
    { "order", BY_ORDER },
    { "pedido", BY_ORDER },
    { "ip", BY_IP },
    { "name", OF_NAME },
    { "nombre", OF_NAME },
    { "consent", OF_CONSENT },
    { "consentimiento", OF_CONSENT },
};

typedef struct {
    gint64 hash;
    uint32_t number;
} link_key_t;

struct replay_contacts_s {
    const char *file;
    const program_t *program;
    FILE *warnings;
    GPtrArray *list; /* replay_contact_t * */
    GHashTable *keys;
    unsigned ncolumns;
    column_t of[CSV_COLUMNS_MAX];
    uint32_t field[CSV_COLUMNS_MAX];
    bool has_consent, known[KEYS];
    uint64_t refused;
};

/* Case, accents and outer space do not tell people apart. 0: an empty text. */
static gint64
hash_of(column_t kind, senda_str_t text)
{
    int64_t hash;

    if (!value_read(VALUE_TEXT, text, &hash))
        return 0;
    return (
        gint64)((uint64_t)hash * 0x9e3779b97f4a7c15ull + (uint64_t)kind * 0xff51afd7ed558ccdull);
}

static uint32_t
look_up(const replay_contacts_t *c, column_t kind, senda_str_t text)
{
    gint64 hash;
    const link_key_t *found;

    if (text.n == 0 || !c->known[kind])
        return 0;
    hash = hash_of(kind, text);
    found = hash == 0 ? NULL : g_hash_table_lookup(c->keys, &hash);
    return found == NULL ? 0 : found->number;
}

static void
put(replay_contacts_t *c, column_t kind, senda_str_t text, uint32_t number)
{
    gint64 hash = hash_of(kind, text);
    link_key_t *key;

    if (hash == 0)
        return;
    key = g_new(link_key_t, 1);
    *key = (link_key_t){ hash, number };
    g_hash_table_replace(c->keys, &key->hash, key);
    c->known[kind] = true;
}

static void
free_contact(gpointer contact)
{
    replay_contact_t *r = contact;

    for (unsigned i = 0; i < r->nanswers; i++)
        g_free((char *)r->answers[i].value.p);
    g_free(r->name);
    g_free(r);
}

void
replay_contacts_free(replay_contacts_t *c)
{
    if (c == NULL)
        return;
    g_ptr_array_free(c->list, TRUE);
    g_hash_table_destroy(c->keys);
    g_free(c);
}

uint32_t
replay_contacts_count(const replay_contacts_t *c)
{
    return c->list->len;
}

const replay_contact_t *
replay_contacts_at(const replay_contacts_t *c, uint32_t number)
{
    return g_ptr_array_index(c->list, number - 1);
}

static bool
same_name(senda_str_t a, const char *b)
{
    int64_t x, y;

    return value_read(VALUE_TEXT, a, &x) && value_read(VALUE_TEXT, senda_cstr(b), &y) && x == y;
}

static column_t
column_of(replay_contacts_t *c, unsigned i, senda_str_t name)
{
    for (size_t k = 0; k < G_N_ELEMENTS(columns); k++) {
        if (same_name(name, columns[k].name))
            return columns[k].column;
    }
    for (unsigned f = 0; f < c->program->nfields; f++) {
        if (same_name(name, c->program->fields[f].name)) {
            c->field[i] = f;
            return OF_FIELD;
        }
    }
    fprintf(c->warnings, "senda replay: %s: the column \"%s\" is no field of the rules: left out\n",
        c->file, name.p);
    return OF_NOTHING;
}

static senda_rc_t
head(replay_contacts_t *c, const senda_str_t *fields, unsigned n, senda_err_t *err)
{
    bool keys = false;

    c->ncolumns = n;
    for (unsigned i = 0; i < n; i++) {
        c->of[i] = column_of(c, i, fields[i]);
        keys |= c->of[i] < KEYS;
        c->has_consent |= c->of[i] == OF_CONSENT;
    }
    if (keys)
        return SENDA_OK;
    return senda_fail(err, SENDA_BAD,
        "%s: its first row names none of email, phone, user, order, ip", c->file);
}

/* What the row says of addresses and consent, read as the shop's header is. */
static senda_rc_t
read_reach(const replay_contacts_t *c, const senda_str_t *fields, unsigned n, header_contact_t *h,
    senda_err_t *err)
{
    static const char
        *const names[] = { [BY_EMAIL] = "email", [BY_PHONE] = "phone", [OF_CONSENT] = "consent" };
    GString *raw = g_string_new(NULL);
    senda_rc_t rc;

    for (unsigned i = 0; i < n && i < c->ncolumns; i++) {
        if (c->of[i] > OF_CONSENT || names[c->of[i]] == NULL)
            continue;
        g_string_append_printf(raw, "&%s=", names[c->of[i]]);
        g_string_append_uri_escaped(raw, fields[i].p, NULL, FALSE);
    }
    rc = header_contact((senda_str_t){ raw->str, raw->len }, h, err);
    g_string_free(raw, TRUE);
    return rc;
}

/* The contact that has one of the row's own keys; an order or an address is nobody's name. */
static uint32_t
known_as(const replay_contacts_t *c, const senda_str_t *fields, unsigned n)
{
    for (column_t kind = BY_EMAIL; kind <= BY_USER; kind++) {
        for (unsigned i = 0; i < n && i < c->ncolumns; i++) {
            if (c->of[i] == kind && hash_of(kind, fields[i]) != 0)
                return look_up(c, kind, fields[i]);
        }
    }
    return 0;
}

static char *
name_of(const replay_contacts_t *c, const senda_str_t *fields, unsigned n, uint64_t row)
{
    for (column_t kind = BY_EMAIL; kind <= BY_USER; kind++) {
        for (unsigned i = 0; i < n && i < c->ncolumns; i++) {
            if (c->of[i] == kind && fields[i].n > 0)
                return g_strdup(fields[i].p);
        }
    }
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT, c->file, row);
}

static void
set_answer(replay_contact_t *r, const char *name, senda_str_t value)
{
    for (unsigned i = 0; i < r->nanswers; i++) {
        if (strcmp(r->answers[i].name.p, name) == 0) {
            g_free((char *)r->answers[i].value.p);
            r->answers[i].value = (senda_str_t){ g_strndup(value.p, value.n), value.n };
            return;
        }
    }
    if (r->nanswers < ENGINE_ANSWERS_MAX)
        r->answers[r->nanswers++] = (senda_capture_t){ senda_cstr(name),
            { g_strndup(value.p, value.n), value.n } };
}

static void
take_fields(replay_contacts_t *c, uint32_t number, const senda_str_t *fields, unsigned n)
{
    replay_contact_t *r = g_ptr_array_index(c->list, number - 1);

    for (unsigned i = 0; i < n && i < c->ncolumns; i++) {
        if (c->of[i] < KEYS)
            put(c, c->of[i], fields[i], number);
        else if (c->of[i] == OF_FIELD && fields[i].n > 0)
            set_answer(r, c->program->fields[c->field[i]].name, fields[i]);
    }
}

static senda_rc_t
on_row(void *ctx, uint64_t row, const senda_str_t *fields, unsigned n, senda_err_t *err)
{
    replay_contacts_t *c = ctx;
    replay_contact_t *r;
    header_contact_t h;
    senda_err_t why;
    uint32_t number;

    if (row == 1)
        return head(c, fields, n, err);
    if (read_reach(c, fields, n, &h, &why) != SENDA_OK || c->list->len == CONTACTS_MAX) {
        if (c->refused++ == 0)
            fprintf(c->warnings, "senda replay: %s: row %llu is left out: %s\n", c->file,
                (unsigned long long)row,
                c->list->len == CONTACTS_MAX ? "too many contacts" : why.text);
        return SENDA_OK;
    }
    number = known_as(c, fields, n);
    if (number == 0) {
        r = g_new0(replay_contact_t, 1);
        r->name = name_of(c, fields, n, row);
        g_ptr_array_add(c->list, r);
        number = c->list->len;
    }
    r = g_ptr_array_index(c->list, number - 1);
    r->address |= (h.email[0] != '\0' ? CHANNEL_BIT(CHANNEL_EMAIL) : 0) |
        (h.phone[0] != '\0' ? CHANNEL_BIT(CHANNEL_SMS) : 0);
    r->consent = c->has_consent ? h.consent : r->address;
    take_fields(c, number, fields, n);
    return SENDA_OK;
}

replay_contacts_t *
replay_contacts_read(const char *file, const program_t *p, FILE *warnings, senda_err_t *err)
{
    replay_contacts_t *c = g_new0(replay_contacts_t, 1);

    c->file = file;
    c->program = p;
    c->warnings = warnings;
    c->list = g_ptr_array_new_with_free_func(free_contact);
    c->keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    if (csv_file_read(file, on_row, c, err) != SENDA_OK) {
        replay_contacts_free(c);
        return NULL;
    }
    if (c->refused > 1)
        fprintf(warnings, "senda replay: %s: %llu rows were left out\n", file,
            (unsigned long long)c->refused);
    return c;
}

uint32_t
replay_contacts_find(const replay_contacts_t *c, senda_str_t user, senda_str_t address,
    const engine_event_t *event, bool *surely)
{
    static const struct {
        senda_str_t name;
        column_t kind;
    } shown[] = { { { "user", 4 }, BY_USER }, { { "email", 5 }, BY_EMAIL },
        { { "phone", 5 }, BY_PHONE }, { { "order", 5 }, BY_ORDER } };
    uint32_t number = look_up(c, BY_USER, user);

    *surely = true;
    if (number == 0)
        number = look_up(c, BY_EMAIL, user);
    for (size_t k = 0; k < G_N_ELEMENTS(shown) && number == 0; k++) {
        for (unsigned i = 0; i < event->nfields && number == 0; i++) {
            if (senda_str_eq(event->fields[i].name, shown[k].name))
                number = look_up(c, shown[k].kind, event->fields[i].value);
        }
    }
    if (number != 0)
        return number;
    *surely = false;
    return look_up(c, BY_IP, address);
}
