/*
 * Tells programs from people by the user agent, and pages from their parts by
 * the path's extension. One pass over the text; nothing can fail, and verdicts
 * are kept only where the caller gives room for them. A doubt is a person: a
 * bot that is counted costs a visit, a person that is not costs a customer.
 *
 * A program is who names itself with a word of `bots`, or who names neither a
 * platform nor an engine where every browser does.
 */

#include "senda_bot.h"

#define ROW_MAX 28

typedef const char *const words_t[26][ROW_MAX];

#define ROW(letter) [(letter) - 'a']

/* What crawlers, libraries, monitors and scanners call themselves; "bot" is looked at by itself. */
static words_t bots = {
    ROW('a') = { "agentslug", "anonymous,", "apache-", "apachebench", "archiv", "aria2", "axios" },
    ROW('b') = { "browsershots", "burpcollab", "burp suite" },
    ROW('c') = { "catchpoint", "checker", "clamav", "claude-code", "cloudflare", "collapsify",
        "colly", "compatible; bw/", "copier", "crawl", "curl/", "cursor/", "cypress/" },
    ROW('d') = { "dareboost", "datanyze", "dejaclick", "devin/", "devtools", "downcast/",
        "dirbuster", "dmbrowser", "download", "drupal", "duplexweb", "duckduckgo.mobile" },
    ROW('e') = { "emailwolf", "embedly", "episode", "ezooms" },
    ROW('f') = { "facebookcatalog", "fake_useragent", "facebookexternal", "feed", "fetcher",
        "firephp", "foregenix", "fuzz faster" },
    ROW('g') = { "github.com", "go-http", "gobuster", "gomezagent", "google favicon",
        "google page speed", "google search console", "googlemessages", "googleweblight",
        "google-inspection", "gptbot", "grpc-", "guzzle" },
    ROW('h') = { "harvest", "headless", "http://", "http-client", "http_client", "httpclient",
        "https://", "httrack", "httpie/", "httpx" },
    ROW('i') = { "igetter", "insomnia/", "inspectiontool" },
    ROW('j') = { "jakarta", "java/", "jersey/", "jobhunter" },
    ROW('l') = { "librss", "libwww-perl", "lighthouse", "link resolver", "linkcheck", "linkexpand",
        "logic-apps", "lua-resty", "lwp-", "lwp::" },
    ROW('m') = { "mailto:", "manus-user", "marketgoo", "masscan", "mediapartners", "mixnode",
        "monit" },
    ROW('n') = { "nagios", "newsblur", "nikto", "nmap", "node-fetch", "nuclei", "nutch" },
    ROW('o') = { "observatory", "okhttp", "onetrust", "outbrain", "owler" },
    ROW('p') = { "pageburst", "perl/", "perplexity", "phantomas", "phantomjs", "php/", "pingdom",
        "playwright", "postman", "preview", "probe", "prometheus", "proxy", "ptst/", "puppeteer",
        "pycurl", "python", "perl " },
    ROW('q') = { "quiterss" },
    ROW('r') = { "reader", "readkit", "reeder/", "research", "rest-client", "restsharp", "rigor",
        "rss/", "rssowl", "rss junkie", "ruby", "ruxitsynthetic" },
    ROW('s') = { "scan", "scope3", "scoop", "scrap", "securityheaders", "selenium", "semantics",
        "site24x7", "siteaudit", "sitesucker", "snippet", "sogoumse", "spider", "splash",
        "sparkler", "sqlmap", "statuscake", "survey", "swcd", "synthetic" },
    ROW('t') = { "taginspector", "telegram", "thumbor", "transcoder" },
    ROW('u') = { "uptime" },
    ROW('v') = { "validat" },
    ROW('w') = { "webmoney", "webparser", "webpurify", "wget", "whatsapp/", "wordpress", "wpscan",
        "www.", "wvs" },
    ROW('z') = { "zgrab" },
};

/* Names that hold a word of `bots` and are people's all the same. */
static words_t people = {
    ROW('c') = { "camscanner", "cubot" },
};

/* Engines, platforms and old browsers: one of them stands in every person's user agent. */
static words_t known = {
    ROW('a') = { "amiga", "android" },
    ROW('b') = { "beos", "blackberry", "browser" },
    ROW('c') = { "cfnetwork", "charon" },
    ROW('d') = { "dillo" },
    ROW('e') = { "elinks" },
    ROW('f') = { "firefox" },
    ROW('g') = { "gecko", "googleapp" },
    ROW('h') = { "htc " },
    ROW('i') = { "ibrowse", "iphone", "ios/" },
    ROW('k') = { "khtml", "konqueror" },
    ROW('l') = { "laravel", "lg-", "linux", "lucidworks", "lynx" },
    ROW('m') = { "mac os", "macintosh", "midp", "mosaic", "mot-", "mozac", "msie", "msoffice" },
    ROW('n') = { "netpositive", "netscape", "networkingext", "nintendo", "nokia" },
    ROW('o') = { "opera", "outlook" },
    ROW('p') = { "pinterest", "player", "presto" },
    ROW('q') = { "quicktime" },
    ROW('r') = { "roku" },
    ROW('s') = { "safari/", "slurp", "sonos", "springboard", "symbian" },
    ROW('t') = { "trident" },
    ROW('u') = { "ucweb" },
    ROW('v') = { "voyager" },
    ROW('w') = { "webkit", "windows" },
};

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool
is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Whether s goes on with word, its first letter known to be equal. */
static inline bool
begins(senda_str_t s, const char *word)
{
    size_t i = 1;

    while (i < s.n && word[i] != '\0' && lower(s.p[i]) == word[i]) {
        i++;
    }
    return word[i] == '\0';
}

/* The length of the first word of a row that s begins with, 0 if none. */
static size_t
find(const char *const row[ROW_MAX], senda_str_t s)
{
    for (unsigned i = 0; i < ROW_MAX && row[i] != NULL; i++) {
        if (begins(s, row[i])) {
            return strlen(row[i]);
        }
    }
    return 0;
}

/* "bot" at a word's end: Googlebot, bot/1.0, not a bottle. */
static bool
is_bot_word(senda_str_t s)
{
    return s.n >= 3 && lower(*s.p) == 'b' && begins(s, "bot") && (s.n == 3 || !is_letter(s.p[3]));
}

/*
 * The first three letters of words, as sets: five bits a letter, in which
 * upper and lower case are the same. Most places of a browser's user agent
 * begin no word, which one look tells.
 */
typedef uint64_t set_t[512];

typedef struct {
    bool made;
    set_t bots; /* and people */
    set_t known;
} beginnings_t;

static unsigned
add_letter(unsigned three, char c)
{
    return (three << 5 | ((unsigned char)c & 31)) & 0x7fff;
}

static bool
is_in(const set_t set, unsigned three)
{
    return (set[three / 64] >> three % 64 & 1) != 0;
}

static void
add_word(set_t set, const char *word)
{
    unsigned three = add_letter(add_letter(add_letter(0, word[0]), word[1]), word[2]);

    set[three / 64] |= 1ull << three % 64;
}

static void
add_table(set_t set, words_t table)
{
    for (unsigned i = 0; i < 26; i++) {
        for (unsigned k = 0; k < ROW_MAX && table[i][k] != NULL; k++) {
            add_word(set, table[i][k]);
        }
    }
}

/* Made from the tables when first asked for. */
static const beginnings_t *
beginnings(void)
{
    static _Thread_local beginnings_t b;

    if (!b.made) {
        add_word(b.bots, "bot");
        add_table(b.bots, people);
        add_table(b.bots, bots);
        add_word(b.known, "mozilla");
        add_table(b.known, known);
        b.made = true;
    }
    return &b;
}

/* The part of user_agent from the place on whose first three letters end at i; none: no letter. */
static senda_str_t
word_at(senda_str_t user_agent, size_t i)
{
    senda_str_t s = { user_agent.p + i - 2, user_agent.n - i + 2 };

    return is_letter(*s.p) ? s : (senda_str_t){ s.p, 0 };
}

bool
senda_is_bot(senda_str_t user_agent)
{
    const beginnings_t *b = beginnings();
    bool mozilla = false, is_known = false, braces = false;
    size_t from = 0; /* what is before belongs to a person's word */
    unsigned three = 0;

    for (size_t i = 0; i < user_agent.n; i++) {
        char c = user_agent.p[i];
        senda_str_t s;

        braces = braces || c == '(' || c == '<' || c == '[';
        three = add_letter(three, c);
        if (i < from + 2) {
            continue;
        }
        if (is_in(b->bots, three) && (s = word_at(user_agent, i)).n != 0) {
            unsigned row = (unsigned)(lower(*s.p) - 'a');
            size_t skip = find(people[row], s);

            if (skip != 0) {
                from = i - 2 + skip;
                continue;
            }
            if (find(bots[row], s) != 0 || is_bot_word(s)) {
                return true;
            }
        }
        if ((!is_known || !mozilla) && is_in(b->known, three) &&
            (s = word_at(user_agent, i)).n != 0) {
            unsigned row = (unsigned)(lower(*s.p) - 'a');

            mozilla = mozilla || (row == 'm' - 'a' && begins(s, "mozilla"));
            is_known = is_known || find(known[row], s) != 0;
        }
    }
    return !is_known && (mozilla || !braces);
}

_Static_assert((SENDA_AGENTS_KEPT & (SENDA_AGENTS_KEPT - 1)) == 0, "places are found by a mask");
_Static_assert(SENDA_AGENT_KEPT <= UINT16_MAX, "a length fits its field");

/* Eight bytes at a time; the last eight again with what is left over. */
static unsigned
place_of(senda_str_t s)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t hash = s.n, word = 0;
    size_t i = 0;

    if (s.n < sizeof(word)) {
        memcpy(&word, s.p, s.n);
        hash = (hash ^ word) * odd;
    } else {
        for (; i + sizeof(word) < s.n; i += sizeof(word)) {
            memcpy(&word, s.p + i, sizeof(word));
            hash = (hash ^ word) * odd;
            hash ^= hash >> 32;
        }
        memcpy(&word, s.p + s.n - sizeof(word), sizeof(word));
        hash = (hash ^ word) * odd;
    }
    return (unsigned)(hash >> 32) & (SENDA_AGENTS_KEPT - 1);
}

bool
senda_agents_is_bot(senda_agents_t *kept, senda_str_t user_agent)
{
    size_t n = user_agent.n;
    unsigned i;

    if (n == 0 || n > SENDA_AGENT_KEPT) {
        return senda_is_bot(user_agent);
    }
    i = place_of(user_agent);
    if (kept->at[i].n != n || memcmp(kept->at[i].text, user_agent.p, n) != 0) {
        kept->at[i].bot = senda_is_bot(user_agent);
        kept->at[i].n = (uint16_t)n;
        memcpy(kept->at[i].text, user_agent.p, n);
    }
    return kept->at[i].bot;
}

/*
 * Parts of pages and files for programs. A page of the rules may be named so
 * all the same (a PDF that marketing counts): callers ask this only of an
 * address that no page matches.
 */
static const char *const assets[] = { "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico",
    "bmp", "cur", "css", "js", "mjs", "map", "wasm", "woff", "woff2", "ttf", "otf", "eot", "mp3",
    "mp4", "m4a", "m4v", "mov", "ogg", "ogv", "wav", "webm", "m3u8", "ts", "vtt", "pdf", "zip",
    "gz", "bz2", "xz", "tar", "rar", "7z", "exe", "dmg", "apk", "iso", "xml", "txt", "json",
    "jsonld", "rss", "atom", "rdf", "csv", "webmanifest", "manifest", NULL };

bool
senda_is_asset(senda_str_t path)
{
    size_t dot = path.n;
    senda_str_t ext;

    while (dot > 0 && path.p[dot - 1] != '.') {
        if (path.p[dot - 1] == '/' || path.n - dot > 12) {
            return false;
        }
        dot--;
    }
    ext = (senda_str_t){ path.p + dot, path.n - dot };
    if (dot == 0 || ext.n == 0) {
        return false;
    }
    for (unsigned i = 0; assets[i] != NULL; i++) {
        if (lower(*ext.p) == assets[i][0] && strlen(assets[i]) == ext.n && begins(ext, assets[i])) {
            return true;
        }
    }
    return false;
}

/* Beginnings, in lower case; a segment of a path that begins with a dot is looked at by itself. */
static const char *const probes[] = { "/wp-login", "/wp-admin", "/wp-includes/", "/wp-config",
    "/wp-content/plugins/", "/wp-json/wp/", "/xmlrpc.php", "/phpmyadmin", "/pma/", "/myadmin",
    "/mysqladmin", "/dbadmin", "/adminer", "/phpinfo", "/info.php", "/test.php", "/shell.php",
    "/cgi-bin/", "/vendor/phpunit", "/boaform", "/hnap1", "/actuator", "/server-status",
    "/autodiscover/", "/owa/", "/ecp/", "/solr/", "/_ignition", "/telescope/requests", "/_profiler",
    "/console/", "/manager/html", "/jenkins/", "/backup.", "/backup/", "/dump.", "/config.",
    "/database.", "/setup.cgi", "/containers/json", "/geoserver/", "/druid/", "/nacos/",
    "/sdk/weblanguage", "/remote/login", "/global-protect/", "/dana-na/", "/+cscoe+", "/tmui/",
    "/web-inf/", "/etc/passwd", NULL };

static bool
begins_path(senda_str_t path, const char *word)
{
    size_t i = 0;

    while (i < path.n && word[i] != '\0' && lower(path.p[i]) == word[i]) {
        i++;
    }
    return word[i] == '\0';
}

/* "/.env", "/a/.git/config", "/../x"; "/.well-known" is for everybody (RFC 8615). */
static bool
has_hidden(senda_str_t path)
{
    for (size_t i = 0; i + 1 < path.n; i++) {
        senda_str_t rest = { path.p + i, path.n - i };

        if (path.p[i] == '/' && path.p[i + 1] == '.' && !begins_path(rest, "/.well-known")) {
            return true;
        }
    }
    return false;
}

bool
senda_is_probe(senda_str_t path)
{
    char second = path.n > 1 ? lower(path.p[1]) : '\0';

    for (unsigned i = 0; probes[i] != NULL; i++) {
        if (probes[i][1] == second && begins_path(path, probes[i])) {
            return true;
        }
    }
    return has_hidden(path);
}
