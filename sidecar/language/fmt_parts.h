/*
 * The canonical form, from inside. fmt_words.c makes a row of each line, its
 * text cut into cells where a column may begin; fmt_columns.c decides the
 * spaces between cells; fmt.c indents, writes and compares.
 *
 * Ownership: the rows' texts lie in fmt_t.text, by offset.
 */

#ifndef SENDA_LANG_FMT_PARTS_H
#define SENDA_LANG_FMT_PARTS_H

#include "compile.h"
#include "fmt.h"

#define FMT_STEP    2  /* columns that a block is indented by */
#define FMT_COLUMNS 3  /* columns of a statement, at most */
#define FMT_COMMENT 99 /* the column of comments at a line's end */

/* How the lines of a statement, or of a block's settings, are laid out. */
typedef struct {
    word_t word;    /* the first word, W_NONE: any word of the roles */
    unsigned roles; /* that the first word has to have */
    unsigned first; /* words before the first column, 0: there is none but those below */
    struct {
        word_t word;      /* begins a column */
        word_t other;     /* so does this one, W_NONE: no other */
        unsigned columns; /* spaces before it where the lines are not yet aligned */
    } starts[FMT_COLUMNS];
} fmt_layout_t;

typedef struct {
    unsigned column; /* 0: the line's beginning; FMT_COMMENT */
    uint32_t at, len;
    uint32_t width; /* columns */
    uint32_t
        plain;    /* columns in the language that takes more: what is decided by it holds in both */
    uint32_t was; /* its column in the file */
    uint32_t gap; /* the spaces before it in the file */
    uint32_t pad; /* the spaces before it that are written */
} fmt_cell_t;

typedef enum { ROW_BLANK, ROW_COMMENT, ROW_CODE } fmt_kind_t;

typedef struct {
    fmt_kind_t kind;
    uint32_t was;    /* columns of indentation in the file */
    uint32_t indent; /* and in the canonical form */
    word_t word;     /* the first word, W_NONE if the line begins with a name */
    bool branch;     /* a share of a `split` */
    bool opens;      /* the lines after it go deeper */
    const fmt_layout_t *layout;
    unsigned ncells;
    fmt_cell_t cells[FMT_COLUMNS + 3];
    uint32_t end, plain_end; /* of what has its place already */
} fmt_row_t;

typedef struct {
    const lang_t *lang;
    lang_id_t to;
    GString *text;
    GArray *rows;        /* of fmt_row_t */
    uint32_t mark;       /* the next of the file's marks */
    lex_line_t *line;    /* the present line */
    lex_line_t *scratch; /* to look at a single name */
} fmt_t;

/* fmt_words.c: adds the row of f->line. */
void fmt_line(fmt_t *f);

/* fmt_columns.c: the layout of a line that begins so, NULL: it has no columns. */
const fmt_layout_t *fmt_layout(word_t first, bool indented);

/* The pads of every row; indentation is known. */
void fmt_columns(fmt_t *f);

#endif
