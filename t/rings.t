# Rings that nobody needs: removed after a while, their memory given back and their counts kept, those
# of another size too; a master that is killed, and the nginx that comes after it.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = "site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /cart\n";
my %conf = (main => 'error_log error.log notice;', server => 'location / { return 200 "<p>x</p>"; }
    location = /metrics { senda_status; }');

sub store { return "senda_store store live=run/live size=16m new_visitors=0 $_[0]; senda_key store/nginx.key;"; }
sub rings { my ($t) = @_; my @r = glob $t->live . '/ring.*'; return scalar @r; }

sub metric {
    my ($t, $name) = @_;
    my ($n) = $t->get('/metrics')->body =~ /^\Q$name\E (\d+)$/m;
    return $n // -1;
}

# How many removed files a process still has in its memory.
sub deleted {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/maps" or return -1;
    return scalar grep { /ring\.\d+ \(deleted\)/ } <$fh>;
}

subtest 'rings of workers that are no more' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, workers => 4, store => store('rings=1s'));
    $t->wait_for(sub { rings($t) == 4 }, 'four rings');
    $t->get('/', headers => ['User-Agent' => 'curl/8']) for 1 .. 40;
    is(metric($t, 'senda_dropped_total{reason="bot"}'), 40, 'bots are counted');
    $t->reload(%conf, workers => 1, store => store('rings=1s'));
    $t->wait_for(sub { rings($t) == 2 }, "all but the worker's and one for the next go", 40);
    my $jar = {};
    $t->get('/cart', jar => $jar) for 1 .. 3;
    $t->wait_drained;
    is(scalar(grep { $_->{keys} =~ /cart/ } $t->journal), 3, 'visits are recorded as ever');
    is(metric($t, 'senda_dropped_total{reason="bot"}'), 40, 'what they had counted stays counted');
    my $drain = $t->drain;
    $t->wait_for(sub { deleted($drain) == 0 }, 'the drain gives their memory back', 10);
    pass('memory');
    like($t->error_log, qr/senda: ring [0-9a-f]+ is removed, nobody has used it for 1 seconds/, 'said');
    $t->finish;
};

subtest 'a ring of another size' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, store => store('rings=1s'));
    $t->wait_for(sub { rings($t) == 1 }, 'one ring');
    $t->get('/');
    my ($ring) = glob $t->live . '/ring.*';
    $t->stop;
    open my $fh, '+<', $ring or die "$ring: $!";
    binmode $fh;
    seek $fh, 16, 0;
    print $fh pack('Q<', 4 << 20);     # as if rings had been smaller
    close $fh;
    $t->start(%conf, store => store('rings=1s'));
    my $since = time;
    $t->wait_for(sub { rings($t) == 2 }, 'a new one is made');
    $t->wait_for(sub { !-e $ring && rings($t) == 1 }, 'the other one goes', 40);
    cmp_ok(time - $since, '>=', 1, 'not before its time');
    my $jar = {};
    $t->get('/cart', jar => $jar) for 1 .. 3;
    $t->wait_drained;
    is(scalar(grep { $_->{keys} =~ /cart/ } $t->journal), 3, 'visits are recorded');
    $t->finish;
};

subtest 'a master that is killed' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my $jar = {};
    $t->get('/cart', jar => $jar) for 1 .. 2;
    $t->wait_drained;
    $t->remember;
    my @orphans = $t->children;
    kill KILL => $t->{pid};
    waitpid $t->{pid}, 0;
    $t->get('/cart', jar => $jar) for 1 .. 3;
    $t->wait_for(sub { (grep { $_->{keys} =~ /cart/ } $t->journal) == 5 }, 'the others go on without it');
    kill TERM => @orphans;
    $t->wait_for(sub { !grep { Senda::Test::alive($_) } @orphans }, 'they end when told to');
    unlink $t->dir . '/nginx.pid';
    $t->start;
    $t->get('/cart', jar => $jar) for 1 .. 3;
    $t->wait_for(sub { (grep { $_->{keys} =~ /cart/ } $t->journal) == 8 }, 'the next nginx takes over');
    is(scalar(grep { $_->{flags} & 1 } $t->journal), 1, 'of the same visitor');
    $t->finish;
};

done_testing();
