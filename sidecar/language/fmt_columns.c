/*
 * Columns. Neighbouring lines of one statement begin their parts in the same
 * columns. Where whoever wrote them has aligned them already, the distance
 * from the widest part stays as it was, also in another language; lines that
 * are too long for the column may stand out. Never fails.
 */

#include "fmt_parts.h"

#define GAP_MAX   40 /* more spaces than this are no alignment */
#define GAP_FIRST 2
#define GAP_LONG  3
#define OUT       8 /* a line stands out if it is longer than the others by this, or more */
#define NOBODY    UINT16_MAX /* ... and names never do */
#define COMMENTS  UINT32_MAX /* nor comments, whatever they follow */
#define LONG      72         /* columns after which a line does not move the others any more */

/* A row for each statement whose neighbours are aligned. */
static const fmt_layout_t layouts[] = {
    { W_PAGE, ROLE_STATEMENT, 2, { { W_IS, W_NONE, 3 } } },
    { W_EVENT, ROLE_STATEMENT, 0, { { W_FROM_API, W_NONE, 2 }, { W_WITH, W_NONE, 2 } } },
    { W_PLACE, ROLE_STATEMENT, 2, { { W_RADIUS, W_NONE, 2 } } },
    { W_FIELD, ROLE_STATEMENT, 2, { { W_NONE, W_NONE, 0 } } },
    { W_TAG, ROLE_STATEMENT, 0, { { W_WHEN, W_NONE, 2 }, { W_FOR_SPAN, W_NONE, 3 } } },
    { W_SCORE, ROLE_STATEMENT, 0, { { W_WHEN, W_NONE, 2 }, { W_ONCE, W_EACH, 3 } } },
    { W_STAGE, ROLE_STATEMENT, 0, { { W_IF, W_NONE, 2 } } },
    { W_SEGMENT, ROLE_STATEMENT, 2, { { W_NONE, W_NONE, 0 } } },
    { W_SHOW, ROLE_STATEMENT, 0, { { W_IN, W_NONE, 2 }, { W_IF, W_NONE, 2 } } },
    { W_NONE, ROLE_SETTING, 1, { { W_NONE, W_NONE, 0 } } },
};

const fmt_layout_t *
fmt_layout(word_t first, bool indented)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        const fmt_layout_t *l = &layouts[i];
        bool place = indented == ((l->roles & ROLE_STATEMENT) == 0);

        if (place && (words_table[first].roles & l->roles) != 0 &&
            (l->word == W_NONE || l->word == first)) {
            return l;
        }
    }
    return NULL;
}

/* One cell of the column that is being aligned. */
typedef struct {
    fmt_row_t *row;
    fmt_cell_t *cell;
    bool in; /* the column, or beyond it */
} entry_t;

static gint
by_number(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Where most cells begin in the file, of several the leftmost; whether those are at least half. */
static bool
main_column(const GArray *entries, uint32_t *column)
{
    GArray *sorted = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), entries->len);
    unsigned best = 0;

    for (unsigned i = 0; i < entries->len; i++) {
        g_array_append_val(sorted, g_array_index(entries, entry_t, i).cell->was);
    }
    g_array_sort(sorted, by_number);
    for (unsigned i = 0, from = 0; i < sorted->len; i++) {
        uint32_t was = g_array_index(sorted, uint32_t, i);

        from = was != g_array_index(sorted, uint32_t, from) ? i : from;
        if (i - from + 1 > best) {
            best = i - from + 1;
            *column = was;
        }
    }
    g_array_unref(sorted);
    return 2 * best >= entries->len && (best > 1 || entries->len == 1);
}

/* The smallest gap in the file before those of the entries that begin in a column there. */
static uint32_t
gap_of(const entry_t *e, unsigned n, uint32_t column, uint32_t otherwise)
{
    uint32_t gap = UINT32_MAX;

    for (unsigned i = 0; i < n; i++) {
        if (e[i].cell->was == column && e[i].cell->gap < gap) {
            gap = e[i].cell->gap;
        }
    }
    return gap > GAP_MAX ? otherwise : gap < 1 ? 1 : gap;
}

static gint
by_width(gconstpointer a, gconstpointer b)
{
    uint32_t x = (*(const entry_t *const *)a)->row->plain_end;
    uint32_t y = (*(const entry_t *const *)b)->row->plain_end;

    return x < y ? -1 : x > y;
}

/*
 * Lines that stand in the column of most, or not so far, or would fit, or are hardly longer.
 * Returns the gap: those that fit may make it smaller, the column stays where it was.
 */
static uint32_t
choose_aligned(GArray *entries, uint32_t column, uint32_t otherwise, uint32_t out)
{
    uint32_t gap = gap_of(&g_array_index(entries, entry_t, 0), entries->len, column, otherwise);
    GPtrArray *others = g_ptr_array_new();
    uint32_t widest = 0;

    for (unsigned i = 0; i < entries->len; i++) {
        entry_t *e = &g_array_index(entries, entry_t, i);

        e->in = e->cell->was <= column;
        widest = e->in && e->row->plain_end > widest ? e->row->plain_end : widest;
        if (!e->in) {
            g_ptr_array_add(others, e);
        }
    }
    if (gap < GAP_FIRST && others->len > 0) {
        gap = otherwise; /* one space is an alignment where all lines have it */
    }
    g_ptr_array_sort(others, by_width);
    for (unsigned i = 0; i < others->len; i++) {
        entry_t *e = others->pdata[i];
        uint32_t width = e->row->plain_end;

        if (width > widest && width + GAP_FIRST <= widest + gap) {
            gap -= width - widest;
        } else if (width >= widest + out) {
            break;
        }
        e->in = true;
        widest = width > widest ? width : widest;
    }
    g_ptr_array_unref(others);
    return gap;
}

static void
choose_short(GArray *entries, uint32_t out)
{
    unsigned n = 0;

    for (unsigned i = 0; i < entries->len; i++) {
        entry_t *e = &g_array_index(entries, entry_t, i);

        e->in = out == NOBODY || e->row->plain_end <= LONG;
        n += e->in ? 1 : 0;
    }
    for (unsigned i = 0; 2 * n < entries->len && i < entries->len; i++) {
        g_array_index(entries, entry_t, i).in = true;
    }
}

static uint32_t
choose_all(GArray *entries, uint32_t otherwise)
{
    uint32_t column = g_array_index(entries, entry_t, 0).cell->was;
    bool aligned = true;

    for (unsigned i = 0; i < entries->len; i++) {
        entry_t *e = &g_array_index(entries, entry_t, i);

        e->in = true;
        aligned = aligned && e->cell->was == column;
    }
    return aligned ? gap_of(&g_array_index(entries, entry_t, 0), entries->len, column, otherwise)
                   : otherwise;
}

/* Puts those of the entries that are `in` (or are not) into one column, not before `from`. */
static uint32_t
put(entry_t *e, unsigned n, bool in, uint32_t gap, uint32_t from)
{
    uint32_t column = from, plain = 0;

    for (unsigned i = 0; i < n; i++) {
        if (e[i].in == in) {
            column = e[i].row->end + gap > column ? e[i].row->end + gap : column;
            plain = e[i].row->plain_end + gap > plain ? e[i].row->plain_end + gap : plain;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (e[i].in == in) {
            e[i].cell->pad = column - e[i].row->end;
            e[i].row->end = column + e[i].cell->width;
            e[i].row->plain_end = plain + e[i].cell->plain;
        }
    }
    return column;
}

/*
 * Neighbours that stand out form columns of their own, always at the same distance: that in the
 * file may be owed to the others' column, which is another one in each language.
 */
static void
put_long(GArray *entries, uint32_t from)
{
    unsigned n;

    for (unsigned i = 0; i < entries->len; i += n) {
        entry_t *e = &g_array_index(entries, entry_t, i);

        for (n = 1; i + n < entries->len && e[n].in == e->in; n++) {
        }
        if (!e->in) {
            put(e, n, false, GAP_LONG, from);
        }
    }
}

/* out: how much longer than the others a line is that stands out. */
static void
align(GArray *entries, uint32_t otherwise, uint32_t out)
{
    uint32_t column = 0, gap = otherwise;
    entry_t *all;

    if (entries->len == 0) {
        return;
    }
    all = &g_array_index(entries, entry_t, 0);
    if (out == COMMENTS) {
        gap = choose_all(entries, otherwise);
    } else if (main_column(entries, &column)) {
        gap = choose_aligned(entries, column, otherwise, out);
    } else {
        choose_short(entries, out);
    }
    column = put(all, entries->len, true, gap, 0);
    put_long(entries, column + 1);
}

/* The cells of a column in the rows from first up to end, into entries. */
static void
gather(fmt_t *f, GArray *entries, unsigned first, unsigned end, unsigned column)
{
    g_array_set_size(entries, 0);
    for (unsigned i = first; i < end; i++) {
        fmt_row_t *row = &g_array_index(f->rows, fmt_row_t, i);

        for (unsigned k = 1; row->kind == ROW_CODE && k < row->ncells; k++) {
            if (row->cells[k].column == column) {
                entry_t e = { row, &row->cells[k], false };

                g_array_append_val(entries, e);
            }
        }
    }
}

/* The column after a statement's name, or after a setting's word. */
static bool
names(const fmt_layout_t *l, unsigned column)
{
    return column == 1 && l->first > 0;
}

static uint32_t
usual_gap(const fmt_layout_t *l, unsigned column)
{
    unsigned first = l->first > 0 ? 1 : 0;

    return names(l, column) ? GAP_FIRST : l->starts[column - first - 1].columns;
}

/* The rows after first that belong to its block: the same statement, no blank line between. */
static unsigned
block_end(const fmt_t *f, unsigned first, bool any)
{
    const fmt_layout_t *l = g_array_index(f->rows, fmt_row_t, first).layout;
    unsigned i = first + 1;

    for (; i < f->rows->len; i++) {
        const fmt_row_t *row = &g_array_index(f->rows, fmt_row_t, i);

        if (row->kind == ROW_BLANK || (row->kind == ROW_CODE && !any && row->layout != l)) {
            break;
        }
    }
    return i;
}

void
fmt_columns(fmt_t *f)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(entry_t));
    unsigned end;

    for (unsigned i = 0; i < f->rows->len; i++) {
        fmt_row_t *row = &g_array_index(f->rows, fmt_row_t, i);

        row->end = row->indent + row->cells[0].width;
        row->plain_end = row->indent + row->cells[0].plain;
    }
    for (unsigned i = 0; i < f->rows->len; i = end) {
        const fmt_row_t *row = &g_array_index(f->rows, fmt_row_t, i);

        end = row->kind == ROW_CODE ? block_end(f, i, false) : i + 1;
        for (unsigned c = 1; row->layout != NULL && c <= FMT_COLUMNS + 1; c++) {
            gather(f, entries, i, end, c);
            if (entries->len > 0) {
                align(entries, usual_gap(row->layout, c), names(row->layout, c) ? NOBODY : OUT);
            }
        }
    }
    for (unsigned i = 0; i < f->rows->len; i = end) {
        end = block_end(f, i, true);
        gather(f, entries, i, end, FMT_COMMENT);
        align(entries, GAP_FIRST, COMMENTS);
    }
    g_array_unref(entries);
}
