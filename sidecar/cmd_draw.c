/*
 * senda draw: a flow, or the whole file, as a picture. Writes the file that -o
 * names, or standard output; nothing else.
 */

#include "command_line.h"
#include "commands.h"
#include "compile.h"
#include "draw.h"
#include "fold.h"
#include "virtual.h"

#include <stdio.h>

static const char summary[] =
    "Draws a flow as on a whiteboard, or without a name the whole file: which pages and\n"
    "events set off which flows and tags. The picture is SVG: it scales from a phone to a\n"
    "sheet of paper.\n"
    "\n"
    "Exit status: 0 drawn; 1 the file has mistakes, or there is no such flow; 2 the file\n"
    "cannot be read, the picture cannot be written, or this build has no graphviz.";

static const ast_flow_t *
find_flow(const ast_file_t *file, const char *name)
{
    char folded[4 * SENDA_NAME_MAX];

    fold_text(name, strlen(name), folded, sizeof(folded));
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        const ast_flow_t *f = (const ast_flow_t *)h;

        if (h->kind == AST_FLOW && strcmp(f->name.key, folded) == 0) {
            return f;
        }
    }
    return NULL;
}

static bool
write_out(const char *text, const char *file)
{
    GError *error = NULL;

    if (file == NULL) {
        return fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    }
    if (!g_file_set_contents(file, text, -1, &error)) {
        (void)fprintf(stderr, "senda draw: %s\n", error->message);
        g_error_free(error);
        return false;
    }
    return true;
}

static int
write_drawing(draw_t *d, bool dot, const char *file)
{
    senda_err_t err = { "" };
    senda_rc_t rc = dot ? SENDA_OK : draw_layout(d, &err);
    char *text;
    bool written;

    if (rc != SENDA_OK) {
        (void)fprintf(stderr, "senda draw: %s\n", err.text);
        return 2;
    }
    text = dot ? draw_dot(d, true) : draw_svg(d);
    written = write_out(text, file);
    g_free(text);
    return written ? 0 : 2;
}

static int
draw(const virtual_t *world, const char *name, bool dot, const char *file)
{
    arena_t *arena = arena_new();
    lang_id_t lang = strcmp(virtual_language(world), "es") == 0 ? LANG_ES : LANG_EN;
    const ast_file_t *tree = virtual_lang(world)->file;
    const ast_flow_t *flow = name != NULL ? find_flow(tree, name) : NULL;
    say_t say = { arena, lang };
    int status = 1;

    if (name != NULL && flow == NULL) {
        (void)fprintf(stderr, "senda draw: %s\n", SAY(&say, PH_NO_FLOW, say_quoted(&say, name)));
    } else {
        status = write_drawing(flow != NULL
                ? draw_flow(arena, flow, lang)
                : draw_overview(arena, tree, virtual_program(world)->site, lang),
            dot, file);
    }
    arena_free(arena);
    return status;
}

int
cmd_draw(int argc, char **argv)
{
    char *file = NULL;
    gboolean dot = FALSE;
    const GOptionEntry options[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &file, "write there", "FILE" },
        { "dot", 0, 0, G_OPTION_ARG_NONE, &dot, "graphviz's language instead of a picture", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    virtual_t *world;
    int status = 2;

    if (command_line(&argc, &argv, options, "FILE [FLOW]", summary, 1, 2) &&
        (world = virtual_open(argv[1], stderr, &status)) != NULL) {
        status = draw(world, argc == 3 ? argv[2] : NULL, dot, file);
        virtual_close(world);
    }
    g_free(file);
    return status;
}
