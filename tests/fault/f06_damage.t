# F6: a store's data file is damaged: cut short, written over with noise, its head broken; before the
# start and under a running nginx. At most three processes die of it, then every page is served; a
# live store, which is only a cache, is made anew. kill -9 never makes the module passive.

use strict;
use warnings;
use lib 't/lib';
use File::Copy qw(copy);
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $images = full(9, 60);
my $deaths_max = 3;
my $page = 4096;
my %conf = (workers => 1, server => 'location / { return 200 "$senda_visits_home $senda_tags"; }');
my $t = Senda::Test->new;
$t->allow('exited on signal (?:6|7|9|11)', 'processes died in store code', 'Assertion|assert');
$t->publish("site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /cart\n");

# The state that is damaged: some hundred visitors, in all three stores.
$t->start(%conf);
my @jars = map { {} } 1 .. 40;
for my $jar (@jars) { $t->get($_, jar => $jar) for '/', '/cart', '/'; }
$t->wait_drained;
$t->stop;
my %file = (journal => $t->store . '/journal', live => $t->live, published => $t->store . '/published');
for (keys %file) { copy("$file{$_}/data.mdb", $t->dir . "/$_.good") or die "$_: $!"; }

sub spoil {
    my ($name, $code) = @_;
    open my $fh, '+<:raw', "$file{$name}/data.mdb" or die "$name: $!";
    $code->($fh, -s $fh);
    close $fh or die "$name: $!";
}

sub restore {
    unlink glob("$_/*.mdb"), glob("$_/board") for values %file;
    unlink "$file{journal}/snapshot.mdb", $t->dir . '/error.log';
    for (keys %file) {
        copy($t->dir . "/$_.good", "$file{$_}/data.mdb") or die "$_: $!";
        chown((getpwnam('www-data'))[2, 3], "$file{$_}/data.mdb") if $t->{user};
        chmod 0660, "$file{$_}/data.mdb";
    }
}

sub noise { join '', map { chr int rand 256 } 1 .. $_[0] }

sub over {
    my ($fh, $at, $bytes) = @_;
    seek $fh, $at, 0 or die "seek: $!";
    print $fh $bytes;
}

# LMDB's file is preallocated in live/: what is used is at its beginning.
sub used {
    my ($fh, $size) = @_;
    my $pages = $size / $page;
    return $pages < 64 ? $pages : 64;
}

my @damages = (
    ['cut to a page and a half' => sub { truncate $_[0], 1.5 * $page }],
    ['cut to two pages' => sub { truncate $_[0], 2 * $page }],
    ['cut to four pages' => sub { truncate $_[0], 4 * $page }],
    ['cut in half' => sub { truncate $_[0], int(used(@_) / 2) * $page }],
    ['cut by a byte' => sub { truncate $_[0], $_[1] - 1 }],
    ['first head of noise' => sub { over($_[0], 0, noise($page)) }],
    ['second head of noise' => sub { over($_[0], $page, noise($page)) }],
    ['both heads of noise' => sub { over($_[0], 0, noise(2 * $page)) }],
    ['roots of the heads far away' => sub { over($_[0], $_, pack('Q<', 1e9)) for 128, $page + 128 }],
    ['last pages of the heads small' => sub { over($_[0], $_, pack('Q<', 1)) for 136, $page + 136 }],
    ['everything but the heads of noise' => sub { over($_[0], $_ * $page, noise($page)) for 2 .. used(@_) - 1 }],
    ['everything but the heads zero' => sub { over($_[0], $_ * $page, "\0" x $page) for 2 .. used(@_) - 1 }],
    (map { my $n = $_; ["page $n of noise" => sub { over($_[0], $n * $page, noise($page)) }] } 2 .. 5),
    ['pointers of noise' => sub { over($_[0], $_ * $page + 16, noise(64)) for 2 .. used(@_) - 1 }],
    ['flags turned' => sub { over($_[0], $_ * $page + 10, pack('S<', 1 << int rand 5)) for 2 .. used(@_) - 1 }],
    ['bounds of noise' => sub { over($_[0], $_ * $page + 12, noise(4)) for 2 .. used(@_) - 1 }],
    ['bytes here and there' => sub { my ($fh, $size) = @_;
        over($fh, 2 * $page + int rand((used($fh, $size) - 2) * $page), noise(1)) for 1 .. 200 }],
);

# One page, which may fail only because its process just died.
sub page_served {
    my $answer = eval { $t->get('/', jar => $jars[rand @jars]) };
    return $answer && $answer->status == 200;
}

sub deaths { scalar(() = $t->error_log =~ /exited on signal (?:6|7|11)\b/g) }

my ($worst, $failed, $passive, $renewed, $served) = (0, 0, 0, 0, 0);
srand 6;
for my $i (0 .. $images - 1) {
    my $store = (qw(journal live published))[$i % 3];
    my ($what, $code) = @{ $damages[int($i / 3) * (@damages > $images / 3 ? int(@damages * 3 / $images) : 1) % @damages] };
    my $running = $i % 2;
    my $name = "$store: $what" . ($running ? ', while nginx runs' : '');

    restore();
    spoil($store, $code) unless $running;
    $t->start(%conf);
    if ($running) {
        page_served() for 1 .. 3;
        spoil($store, $code);
    }

    # Until nothing has died for a while: fifty pages with a visit in each, and the drain at work.
    my ($begun, $quiet, $last) = (time, 0, -1);
    while ($quiet < 50 && time - $begun < 30) {
        my $ok = page_served();
        $t->get('/cart', jar => {}) if $ok && !eval { $t->drained };
        my $n = deaths();
        $quiet = $ok && $n == $last ? $quiet + 1 : 0;
        $last = $n;
        select undef, undef, undef, 0.01;
    }
    my $bad = grep { !page_served() } 1 .. 50;
    $served += 50 - $bad;
    $failed += $bad;
    my $n = deaths();
    $worst = $n if $n > $worst;
    my $log = $t->error_log;
    $passive++ if $log =~ /processes died in store code/;
    $renewed++ if $log =~ /is made anew/;
    ok($n <= $deaths_max && !$bad && $quiet >= 50, "$name: $n deaths, then all pages")
        or diag("$n deaths, $bad pages not served, $quiet quiet\n$log");
    $t->stop;
}
cmp_ok($passive, '>', 0, 'some damage is of the kind that kills');
cmp_ok($renewed, '>', 0, 'some is of the kind that is mended');

# A reload is the operator's word that the store is mended.
restore();
spoil('published', $damages[0][1]);
$t->start(%conf);
$t->wait_for(sub { page_served(); $t->error_log =~ /processes died in store code/ }, 'passive');
copy($t->dir . '/published.good', "$file{published}/data.mdb") or die "published: $!";
unlink "$file{published}/lock.mdb";
my $before = () = $t->journal;
$t->get('/cart', jar => $jars[0]) for 1 .. 3;
is(scalar(() = $t->journal), $before, 'passive, it records nothing');
$t->reload;
ok($t->until(10, sub { $t->get('/cart', jar => $jars[0]); $t->drained && (() = $t->journal) > $before }),
    'after a reload it records again');
$t->stop;

# kill -9, in store code or not, is nobody's damage.
restore();
$t->start(%conf);
for (1 .. 6) {
    my $drain = $t->wait_for(sub { $t->drain }, 'a drain');
    $t->get('/', jar => $jars[$_]);
    kill KILL => $t->workers, $drain;
    $t->wait_for(sub { my $new = $t->drain; $new && $new != $drain && page_served() }, 'a new drain');
}
unlike($t->error_log, qr/processes died in store code/, 'kill -9 never makes it passive');
$before = () = $t->journal;
$t->get('/cart', jar => $jars[0]);
ok($t->until(5, sub { (() = $t->journal) > $before }), 'and it records');

figure('F6', "$images images: at most $worst deaths by SIGSEGV, SIGBUS or SIGABRT, then $served of "
    . ($images * 50) . " pages served; $passive passive, $renewed live stores made anew");
$t->done;
