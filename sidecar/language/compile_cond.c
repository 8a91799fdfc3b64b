/*
 * Sentences into plain structs: verbs, what is true, what happens. Never
 * fails: the checker has seen every name and every value.
 */

#include "check.h"
#include "compile.h"

int64_t
compile_value(value_type_t type, const ast_compare_t *is)
{
    int64_t value = 0;

    if ((type == VALUE_NUMBER && is->number) || (type == VALUE_DATE && is->date)) {
        return is->value;
    }
    value_read(type, senda_cstr(is->text.text), &value);
    return value;
}

/* Points are whole; a comparison's numbers have VALUE_ONE. */
static int64_t
points(const ast_compare_t *is)
{
    return is->value / VALUE_ONE;
}

senda_key_t
compile_verb_key(compile_t *c, const ast_verb_t *v)
{
    switch (v->kind) {
    case VERB_PAGE:
    case VERB_PATTERN:
    case VERB_SPENDS:
        return compile_page_key(c, &v->name, v->pattern);
    case VERB_STANDARD:
    case VERB_MESSAGE:
        return senda_key_event(v->event);
    case VERB_CUSTOM:
        return compile_event_key(c, v->name.key);
    default:
        return SENDA_KEY_ANY;
    }
}

/*
 * What an attribute of the verb's own event was declared to be; what every event's value is; else
 * what it is compared with.
 */
static value_type_t
filter_type(const compile_t *c, const ast_verb_t *v, const char *field, const ast_filter_t *f)
{
    kind_t kind;

    if (v->kind == VERB_CUSTOM) {
        const prog_event_t *e = &c->program->events[compile_index(c->events, v->name.key)];

        for (unsigned i = 0; i < e->nattributes; i++) {
            if (strcmp(e->attributes[i].name, field) == 0) {
                return e->attributes[i].type;
            }
        }
    }
    if (check_standard_kind(f->field.key, &kind) && kind == KIND_NUMBER) {
        return VALUE_NUMBER;
    }
    return f->is.number ? VALUE_NUMBER : f->is.date ? VALUE_DATE : VALUE_TEXT;
}

static void
make_filters(compile_t *c, const ast_verb_t *v, prog_verb_t *out)
{
    prog_filter_t *rows;
    unsigned n = 0;

    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next) {
        out->nfilters++;
    }
    rows = arena_get(c->arena, (out->nfilters + 1) * sizeof(*rows));
    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next, n++) {
        rows[n].field = compile_capture(c, &f->field);
        rows[n].cmp = f->is.cmp;
        rows[n].type = filter_type(c, v, rows[n].field, f);
        rows[n].value = compile_value(rows[n].type, &f->is);
        rows[n].text = compile_text(c, f->is.text.text);
    }
    out->filters = rows;
}

static void
make_kind(compile_t *c, const ast_verb_t *v, prog_verb_t *out)
{
    switch (v->kind) {
    case VERB_SPENDS:
        out->happens = HAPPENS_SPENDS;
        out->span = v->duration;
        break;
    case VERB_RETURNS:
        out->happens = HAPPENS_RETURNS;
        out->span = v->duration;
        break;
    case VERB_ARRIVES:
        out->happens = HAPPENS_ARRIVES;
        out->place = compile_index(c->places, v->name.key);
        break;
    case VERB_MESSAGE:
        out->template = compile_text(c, v->name.text);
        out->channels = v->channel != W_NONE ? CHANNEL_BIT(compile_channel(v->channel)) : 0;
        break;
    default:
        break;
    }
}

prog_verb_t
compile_verb(compile_t *c, const ast_verb_t *v)
{
    prog_verb_t out = { .key = compile_verb_key(c, v), .count = COUNT_SOME, .times = 1 };

    if (v->has_count) {
        out.count = v->count;
        out.times = v->times;
    }
    if (v->has_window) {
        out.within = v->window;
    }
    out.since_start = v->since_start;
    out.top = v->top;
    out.by = v->by;
    if (v->by == BY_SAME || v->by == BY_DIFFERENT) {
        out.capture = compile_capture(c, &v->capture);
    }
    make_kind(c, v, &out);
    make_filters(c, v, &out);
    if (v->before != NULL) {
        prog_verb_t *before = arena_get(c->arena, sizeof(*before));

        *before = compile_verb(c, v->before);
        out.before = before;
    }
    return out;
}

static void
make_field(compile_t *c, const ast_cond_t *cond, prog_cond_t *out)
{
    out->what = compile_index(c->fields, cond->name.key);
    out->value = compile_value(c->program->fields[out->what].type, &cond->is);
    out->text = compile_text(c, cond->is.text.text);
}

static void
make_leaf(compile_t *c, const ast_cond_t *cond, prog_cond_t *out)
{
    switch (cond->kind) {
    case COND_TAG:
        out->what = compile_index(c->tags, cond->name.key);
        break;
    case COND_TOTAL:
        out->value = compile_value(VALUE_NUMBER, &cond->is);
        break;
    case COND_FIRST:
    case COND_LAST:
        out->span = cond->age;
        out->older = cond->older;
        break;
    case COND_SCORE:
        out->value = points(&cond->is);
        break;
    case COND_STAGE:
        out->what = compile_index(c->stages, cond->name.key);
        break;
    case COND_SEGMENT:
        out->what = compile_index(c->segments, cond->name.key);
        break;
    case COND_FIELD:
        make_field(c, cond, out);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        out->what = compile_channel(cond->channel);
        break;
    default:
        break;
    }
}

const prog_cond_t *
compile_cond(compile_t *c, const ast_cond_t *cond)
{
    prog_cond_t *out;

    if (cond == NULL) {
        return NULL;
    }
    out = arena_get(c->arena, sizeof(*out));
    out->kind = cond->kind;
    out->cmp = cond->is.cmp;
    if (cond->verb != NULL) {
        out->verb = compile_verb(c, cond->verb);
    }
    make_leaf(c, cond, out);
    out->left = compile_cond(c, cond->left);
    out->right = compile_cond(c, cond->right);
    return out;
}

static void
make_trigger(compile_t *c, const ast_trigger_t *w, prog_trigger_t *out)
{
    switch (w->kind) {
    case TRIGGER_TAG:
        out->what = compile_index(c->tags, w->name.key);
        break;
    case TRIGGER_SEGMENT:
        out->what = compile_index(c->segments, w->name.key);
        break;
    case TRIGGER_SCORE:
        out->value = points(&w->is);
        break;
    case TRIGGER_TOTAL:
        out->value = compile_value(VALUE_NUMBER, &w->is);
        break;
    case TRIGGER_DATE:
        out->what = compile_index(c->fields, w->name.key);
        break;
    default:
        break;
    }
    out->cmp = w->is.cmp;
    out->second = w->second;
    out->date = w->date;
    out->cond = compile_cond(c, w->cond);
}

unsigned
compile_whens(compile_t *c, const ast_trigger_t *whens, prog_trigger_t *out)
{
    unsigned n = 0;

    for (const ast_trigger_t *w = whens; w != NULL; w = w->next, n++) {
        if (out == NULL) {
            continue;
        }
        memset(&out[n], 0, sizeof(out[n]));
        out[n].kind = w->kind;
        out[n].place = compile_place(c, w->span);
        if (w->verb != NULL) {
            out[n].has_verb = true;
            out[n].verb = compile_verb(c, w->verb);
        }
        if (w->absent != NULL) {
            out[n].has_absent = true;
            out[n].absent = compile_verb(c, w->absent);
            out[n].span = w->absent->window;
            out[n].absent.within = (senda_span_t){ 0, 0, 0 };
        }
        make_trigger(c, w, &out[n]);
    }
    return n;
}
