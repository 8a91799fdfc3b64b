/*
 * Sentences in English and Spanish, from one table. Says what an intent says
 * and nothing more; decides nothing.
 */

#include "tale.h"
#include "story.h"
#include "words.h"

#include <glib.h>

typedef enum {
    T_STARTS,
    T_STOPS,
    T_ENDS,
    T_GOAL,
    T_GETS,
    T_RECOMMENDED,
    T_TAG,
    T_UNTAG,
    T_SCORE,
    T_SET,
    T_COUPON,
    T_CREDIT,
    T_GIFT,
    T_VALID,
    T_NOTIFIES,
    T_CALLS,
    T_SHOWS,
    T_SHOWS_NOT,
    T_REFUSED,
    T_SKIPPED,
    T_WITHHELD,
    T_WAITS,
    T_HELD,
    T_IF,
    T_IF_NOT,
    T_BRANCH,
    T_BRANCH_REST,
} said_t;

/* English, Spanish. */
static const char *const words[][2] = {
    [T_STARTS] = { "starts flow \"%s\"", "empieza el flujo \"%s\"" },
    [T_STOPS] = { "flow is stopped: \"%s\"", "termina antes el flujo \"%s\"" },
    [T_ENDS] = { "flow ends: \"%s\"", "acaba el flujo \"%s\"" },
    [T_GOAL] = { "reaches the goal of \"%s\"", "alcanza el objetivo de \"%s\"" },
    [T_GETS] = { "gets %s %s", "recibe %s %s" },
    [T_RECOMMENDED] = { " with %u recommendations", " con %u recomendaciones" },
    [T_TAG] = { "gets tag %s", "recibe etiqueta %s" },
    [T_UNTAG] = { "no longer has tag %s", "ya no tiene etiqueta %s" },
    [T_SCORE] = { "has a score of %" G_GINT64_FORMAT, "tiene %" G_GINT64_FORMAT " puntos" },
    [T_SET] = { "its field %s is now %s", "su campo %s es ahora %s" },
    [T_COUPON] = { "gets coupon %s", "recibe cupón %s" },
    [T_CREDIT] = { "gets credit %s", "recibe abono %s" },
    [T_GIFT] = { "gets gift %s", "recibe regalo %s" },
    [T_VALID] = { ", valid until %s", ", válido hasta %s" },
    [T_NOTIFIES] = { "notifies %s", "avisa %s" },
    [T_CALLS] = { "calls %s", "llama %s" },
    [T_SHOWS] = { "shows %s in %s", "muestra %s en %s" },
    [T_SHOWS_NOT] = { "no longer shows %s in %s", "ya no muestra %s en %s" },
    [T_REFUSED] = { "flow \"%s\" does not start: %s", "no empieza el flujo \"%s\": %s" },
    [T_SKIPPED] = { "does not get %s: %s (\"%s\")", "no recibe %s: %s (\"%s\")" },
    [T_WITHHELD] = { "control group, so nothing of this: %s",
        "grupo de control, así que nada de: %s" },
    [T_WAITS] = { "waits until %s (\"%s\")", "espera hasta %s (\"%s\")" },
    [T_HELD] = { "%s is held until %s: quiet hours (\"%s\")",
        "%s queda retenido hasta %s: silencio (\"%s\")" },
    [T_IF] = { "`if` holds (\"%s\")", "se cumple el `si` (\"%s\")" },
    [T_IF_NOT] = { "`if` does not hold (\"%s\")", "no se cumple el `si` (\"%s\")" },
    [T_BRANCH] = { "takes branch %u of the split (\"%s\"): which one depends on who the person is",
        "toma la rama %u del reparto (\"%s\"): cuál depende de quién es la persona" },
    [T_BRANCH_REST] = { "takes no branch of the split (\"%s\"): that depends on who the person is",
        "no toma ninguna rama del reparto (\"%s\"): depende de quién es la persona" },
};

static const char *const reasons[][2] = {
    [REASON_NONE] = { "?", "?" },
    [REASON_ONLY_IF] = { "its `only if` does not hold", "no se cumple su `solo si`" },
    [REASON_AGAIN] = { "it is not to start again yet", "aún no debe repetirse" },
    [REASON_SAME_SECOND] = { "it has started already in this second",
        "ya ha empezado en este mismo segundo" },
    [REASON_RUNNING] = { "it is still going on from before", "aún sigue en marcha desde antes" },
    [REASON_UNREACHABLE] = { "no address with consent", "sin dirección que consienta" },
    [REASON_STOP] = { "its `stop if` holds already", "ya se cumple su `termina si`" },
    [REASON_LIMIT] = { "the limit is reached", "límite alcanzado" },
    [REASON_STOCK] = { "everything is sold out", "todo está agotado" },
};

static const char *
say(const tale_t *t, said_t word)
{
    return words[word][t->spanish];
}

static const char *
reason_of(const tale_t *t, const intent_t *i)
{
    const char *const *r = reasons[i->reason < G_N_ELEMENTS(reasons) ? i->reason : REASON_NONE];

    if (i->reason == REASON_AGAIN && i->flow->again == AGAIN_NEVER)
        return t->spanish ? "empieza una sola vez por persona" : "it starts only once for a person";
    if (i->reason == REASON_AGAIN && i->flow->again == AGAIN_EACH)
        return t->spanish ? "ya ha empezado por el mismo valor"
                          : "it has started already for the same value";
    return r[t->spanish];
}

const char *
tale_channel(prog_channel_t channel)
{
    static const char *const names[CHANNELS] = { "email", "sms", "push", "webpush" };

    return names[channel];
}

const char *
tale_key(const program_t *p, senda_key_t key)
{
    const char *name = NULL;

    for (unsigned i = 0; i < p->npages; i++) {
        if (p->pages[i].key == key)
            return p->pages[i].name;
    }
    for (unsigned i = 0; i < p->nevents; i++) {
        if (p->events[i].key == key)
            return p->events[i].name;
    }
    if (senda_key_is_event(key))
        name = senda_event_name(key & ~SENDA_KEY_EVENT);
    return name == NULL ? "?" : name;
}

const char *
tale_verb(const tale_t *t, senda_key_t key)
{
    for (int w = 0; w < WORDS && senda_key_is_event(key); w++) {
        const word_row_t *row = &words_table[w];

        if ((row->roles & ROLE_VERB) != 0 && row->value > 0 &&
            senda_key_event((uint32_t)row->value) == key)
            return words_say((word_t)w, t->spanish ? LANG_ES : LANG_EN);
    }
    return tale_key(t->program, key);
}

const char *
tale_money(const program_t *p, int64_t value, char *buf, size_t size)
{
    int64_t whole = value / VALUE_ONE, cents = value % VALUE_ONE / (VALUE_ONE / 100);

    if (cents != 0)
        g_snprintf(buf, size, "%" G_GINT64_FORMAT ".%02d %s", whole, (int)ABS(cents), p->currency);
    else
        g_snprintf(buf, size, "%" G_GINT64_FORMAT " %s", whole, p->currency);
    return buf;
}

const char *
tale_time(const tale_t *t, senda_sec_t at, char *buf, size_t size)
{
    senda_local_t l;

    if (!t->dates) {
        story_time(&t->program->zone, t->spanish, at, buf, size);
        return buf;
    }
    l = senda_zone_local(&t->program->zone, at, NULL);
    g_snprintf(buf, size, "%04d-%02d-%02d %02d:%02d:%02d", l.year, l.month, l.day, l.hour, l.minute,
        l.second);
    return buf;
}

bool
tale_is_dull(const intent_t *intent)
{
    return intent->kind == INTENT_REFUSED || intent->kind == INTENT_SKIPPED ||
        intent->kind == INTENT_WITHHELD;
}

/* What a step would give: "email cart-1", "coupon X". */
static char *
step_of(const tale_t *t, const intent_t *i)
{
    char buf[64];

    switch (i->step->kind) {
    case STEP_SEND:
        return i->step->template == NULL ? g_strdup("?") : g_strdup(i->step->template);
    case STEP_COUPON:
        return g_strdup_printf(t->spanish ? "cupón %s" : "coupon %s", i->step->text);
    case STEP_CREDIT:
        return g_strdup_printf(t->spanish ? "abono %s" : "credit %s",
            tale_money(t->program, i->step->value, buf, sizeof(buf)));
    case STEP_GIFT:
        return g_strdup_printf(t->spanish ? "regalo %s" : "gift %s", i->step->text);
    default:
        return g_strdup(i->step->text == NULL ? "?" : i->step->text);
    }
}

static char *
message(const tale_t *t, const intent_t *i)
{
    GString *s = g_string_new(NULL);

    g_string_append_printf(s, say(t, T_GETS), tale_channel(i->channel), i->step->template);
    if (i->recipe != NULL)
        g_string_append_printf(s, say(t, T_RECOMMENDED), i->recipe->number);
    g_string_append_printf(s, " (\"%s\")", i->flow->name);
    return g_string_free(s, FALSE);
}

static char *
benefit(const tale_t *t, const intent_t *i)
{
    GString *s = g_string_new(NULL);
    char buf[64];

    if (i->step->kind == STEP_CREDIT)
        g_string_append_printf(s, say(t, T_CREDIT),
            tale_money(t->program, i->step->value, buf, sizeof(buf)));
    else
        g_string_append_printf(s, say(t, i->step->kind == STEP_GIFT ? T_GIFT : T_COUPON),
            i->step->text);
    if (i->until != 0)
        g_string_append_printf(s, say(t, T_VALID), tale_time(t, i->until, buf, sizeof(buf)));
    return g_string_free(s, FALSE);
}

/* What did not happen. */
static char *
not_done(const tale_t *t, const intent_t *i)
{
    char *what, *text;

    if (i->kind == INTENT_REFUSED)
        return g_strdup_printf(say(t, T_REFUSED), i->flow->name, reason_of(t, i));
    what = step_of(t, i);
    text = i->kind == INTENT_SKIPPED
        ? g_strdup_printf(say(t, T_SKIPPED), what, reason_of(t, i), i->flow->name)
        : g_strdup_printf(say(t, T_WITHHELD), what);
    g_free(what);
    return text;
}

static char *
wait_or_branch(const tale_t *t, const intent_t *i)
{
    char at[64], *what, *text;

    if (i->kind == INTENT_BRANCH && i->step->kind == STEP_IF)
        return g_strdup_printf(say(t, i->on ? T_IF : T_IF_NOT), i->flow->name);
    if (i->kind == INTENT_BRANCH && i->branch >= i->step->nbranches)
        return g_strdup_printf(say(t, T_BRANCH_REST), i->flow->name);
    if (i->kind == INTENT_BRANCH)
        return g_strdup_printf(say(t, T_BRANCH), i->branch + 1, i->flow->name);
    tale_time(t, i->until, at, sizeof(at));
    if (i->step->kind != STEP_SEND)
        return g_strdup_printf(say(t, T_WAITS), at, i->flow->name);
    what = step_of(t, i);
    text = g_strdup_printf(say(t, T_HELD), what, at, i->flow->name);
    g_free(what);
    return text;
}

static char *
of_flow(const tale_t *t, const intent_t *i)
{
    static const said_t said[] = { [INTENT_STARTED] = T_STARTS,
        [INTENT_STOPPED] = T_STOPS,
        [INTENT_FINISHED] = T_ENDS,
        [INTENT_GOAL] = T_GOAL };

    char *text = g_strdup_printf(say(t, said[i->kind]), i->flow->name), *with_reason;

    if (i->reason == REASON_NONE)
        return text;
    with_reason = g_strdup_printf("%s (%s)", text, reason_of(t, i));
    g_free(text);
    return with_reason;
}

static char *
sentence(const tale_t *t, const intent_t *i)
{
    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_GOAL:
        return of_flow(t, i);
    case INTENT_MESSAGE:
        return message(t, i);
    case INTENT_TAG:
    case INTENT_UNTAG:
        return g_strdup_printf(say(t, i->kind == INTENT_TAG ? T_TAG : T_UNTAG), i->tag->name);
    case INTENT_SCORE:
        return g_strdup_printf(say(t, T_SCORE), (gint64)i->score);
    case INTENT_SET:
        return g_strdup_printf(say(t, T_SET), t->program->fields[i->step->what].name,
            i->step->text);
    case INTENT_BENEFIT:
        return benefit(t, i);
    case INTENT_NOTIFY:
    case INTENT_CALL:
        return g_strdup_printf(say(t, i->kind == INTENT_CALL ? T_CALLS : T_NOTIFIES),
            i->step->text);
    case INTENT_SHOW:
        return g_strdup_printf(say(t, i->on ? T_SHOWS : T_SHOWS_NOT), i->show->block,
            i->show->position);
    case INTENT_REFUSED:
    case INTENT_SKIPPED:
    case INTENT_WITHHELD:
        return not_done(t, i);
    case INTENT_WAITS:
    case INTENT_BRANCH:
        return wait_or_branch(t, i);
    case INTENT_SAVE:
    case INTENT_RECALL:
    case INTENT_FORGET:
    case INTENT_DEED:
    case INTENT_STANDING:
        break;
    }
    return NULL;
}

/* The line of the rule file that said so. */
static const prog_place_t *
place_of(const intent_t *i)
{
    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_GOAL:
    case INTENT_REFUSED:
        return &i->flow->place;
    case INTENT_TAG:
    case INTENT_UNTAG:
        return i->tag->nwhens > 0 ? &i->tag->whens[0].place : NULL;
    case INTENT_SHOW:
        return &i->show->place;
    case INTENT_SCORE:
    case INTENT_SAVE:
    case INTENT_RECALL:
    case INTENT_FORGET:
    case INTENT_DEED:
    case INTENT_STANDING:
        return NULL;
    default:
        return &i->step->place;
    }
}

char *
tale_of(const tale_t *t, const intent_t *intent, const prog_place_t **place)
{
    if (place != NULL)
        *place = place_of(intent);
    return sentence(t, intent);
}
