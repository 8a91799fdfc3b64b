/*
 * Every bound of the rule language, in one list. What meets a bound is a
 * mistake with a place and a message, never a crash and never silence.
 */

#ifndef SENDA_LANG_LIMITS_H
#define SENDA_LANG_LIMITS_H

#define LANG_FILE_MAX       (64u << 20) /* bytes of a rule file */
#define LANG_LINE_MAX       16384       /* bytes of a line */
#define LANG_TOKENS_MAX     2048        /* words and signs of a line */
#define LANG_IFS_MAX        64          /* `if` and `split` inside each other */
#define LANG_COND_MAX       64          /* parentheses and `not` inside each other */
#define LANG_THEN_MAX       16          /* "and then" in one sentence; as the engine's THEN_MAX */
#define LANG_STEPS_MAX      4096        /* steps of a flow */
#define LANG_TIMES_MAX      1000000     /* "N times" */
#define LANG_DAYS_MAX       4000        /* a duration in days; a `test` block's last day */
#define LANG_DIAGS_MAX      500         /* mistakes kept of a file and told; the rest are counted */
#define LANG_NEAR_MAX       2000        /* names looked at for the nearest one */
#define LANG_QUOTED_MAX     110         /* columns of a line that a mistake quotes */
#define LANG_WORD_SHOWN     48          /* characters of the file's own words in a message */
#define LANG_EXCUSED_MAX    100000      /* names of lines with mistakes; beyond: all are excused */
#define LANG_SPOKEN_LINES   2000        /* lines read to tell the file's language */
#define LANG_RETENTION_DAYS 400 /* days of history that are kept; longer windows are warned of */
#define LANG_POINTS_MAX     1000000 /* points that a line gives or takes */
#define LANG_RADIUS_MAX     1000    /* kilometres around a place */
#define LANG_RECOMMEND_MAX  50      /* items of a recommendation */

#endif
