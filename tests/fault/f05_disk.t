# F5: the journal's disk is full, fails, or takes 200 ms for a commit; the memory for live/ is full.
# Shoppers see nothing of it, what they did stays in the rings, and it goes on by itself.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

# Mounts of this test alone, where that is allowed; gone with it.
if ($> == 0 && !$ENV{SENDA_OWN_MOUNTS} && system('unshare -m true 2>/dev/null') == 0) {
    $ENV{SENDA_OWN_MOUNTS} = 1;
    exec 'unshare', '-m', $^X, '-It/lib', $0 or die "unshare: $!";
}
my $mounts = $ENV{SENDA_OWN_MOUNTS}
    && system('mount -t tmpfs tmpfs -o size=64k /mnt 2>/dev/null && umount /mnt') == 0;

my ($broken, $slowest, $longest, @rows) = (0, 0, 0);
my $seconds = full(2, 10);

# A load around a fault: it begins after a while and ends before the load does.
sub around {
    my ($t, $what, $begin, $end) = @_;
    my $load = Senda::Load->new($t, requests => 500 * ($seconds + 4), rate => 500);
    $load->wait_for(500);
    my $commits = sub { $t->run($t->tool('tool_life'), 'board', $t->live, 'journal_head') + 0 };
    $begin->();
    $load->wait_for(500 + 500 * $seconds);
    my $head = $commits->();
    $end->();
    my $lifted = time;
    $t->wait_for(sub { $load->look(0); $commits->() > $head }, "$what: it goes on", 10);
    my $back = time - $lifted;
    my $r = $load->compare;
    is($r->{broken}, 0, "$what: no error to a shopper");
    is($r->{missing}, 0, "$what: no visit is missing");
    $load->check($r);
    cmp_ok($back, '<', 5, sprintf '%s: back after %.1f s', $what, $back);
    $broken += $r->{broken};
    $slowest = $r->{slowest} if $r->{slowest} > $slowest;
    $longest = $back if $back > $longest;
    push @rows, $what;
}

sub started {
    my ($path) = @_;
    my $t = Senda::Test->new;
    $t->publish($Senda::Load::rules);
    local $ENV{LD_PRELOAD} = join ' ', $t->tool('preload_disk.so'), $ENV{LD_PRELOAD} // ();
    local $ENV{SENDA_DISK} = $t->dir . '/disk';
    local $ENV{SENDA_DISK_PATH} = $path;
    $t->start(%Senda::Load::conf, main => "env SENDA_DISK;\nenv SENDA_DISK_PATH;\nenv LD_PRELOAD;");
    return $t;
}

for my $case ([full => 'disk full', 'cannot commit|cannot write'], [error => 'write error', 'Input/output'],
    [sync => 'sync error', 'Input/output'], [slow => 'commits of 200 ms']) {
    my ($word, $what, $said) = @$case;
    subtest $what => sub {
        my $t = started('/journal/data.mdb');
        around($t, $what, sub { Senda::Test::spew($t->dir . '/disk', $word) },
            sub { unlink $t->dir . '/disk' });
        if ($said) {
            my @lines = $t->error_log =~ /^.*\[error\].*senda: journal: .*$/mg;
            cmp_ok(scalar @lines, '>', 0, 'it is said');
            cmp_ok(scalar @lines, '<=', 3, 'not again and again');
        }
        $t->finish;
    };
}

subtest 'a file system that is really full' => sub {
    plan(skip_all => 'no mounts are allowed here') unless $mounts;
    my $t = Senda::Test->new;
    my $journal = $t->store . '/journal';
    system('mount', '-t', 'tmpfs', 'tmpfs', '-o', 'size=64m,mode=2770', $journal) == 0 or die 'mount';
    chown -1, (getgrnam('www-data'))[2], $journal;
    $t->publish($Senda::Load::rules);
    $t->start(%Senda::Load::conf);
    around($t, 'tmpfs full', sub {
        open my $fh, '>', "$journal/filler" or die "filler: $!";
        1 while syswrite $fh, 'x' x 65536;
        1 while syswrite $fh, 'x' x 512;
    }, sub { unlink "$journal/filler" });
    $t->stop;
    system('umount', $journal);
    $t->finish;
};

subtest 'no memory for live/ and the rings' => sub {
    plan(skip_all => 'no mounts are allowed here') unless $mounts;
    my $t = Senda::Test->new;
    my $run = $t->dir . '/run';
    system('mount', '-t', 'tmpfs', 'tmpfs', '-o', 'size=4m,mode=777', $run) == 0 or die 'mount';
    $t->publish($Senda::Load::rules);
    $t->start(%Senda::Load::conf);
    my @bad = grep { $t->get('/one')->status != 200 } 1 .. 50;
    is(scalar @bad, 0, 'every page is served');
    like($t->error_log, qr/senda: .*cannot set \d+ bytes aside|senda: this worker records nothing/, 'it is said');
    system('mount', '-o', 'remount,size=200m', $run) == 0 or die 'remount';
    my ($lifted, $jar) = (time, {});
    ok($t->until(10, sub { $t->get('/one', jar => $jar); my $c = eval { $t->counts }; $c && %$c }), 'it goes on');
    cmp_ok(time - $lifted, '<', 5, 'within 5 s');
    $t->stop;
    system('umount', $run);
    $t->finish;
};

figure('F5', sprintf '%s, %d s each: %d errors to shoppers, longest answer %d ms, back after %.1f s at most',
    join(', ', @rows), $seconds, $broken, $slowest, $longest);
done_testing();
