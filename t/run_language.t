#!/usr/bin/perl
# The whole language in the running sidecar: what flows do to a person, what they plan besides
# messages, what visitors are to see; stopped and started in the middle: nothing twice, nothing lost.

use strict;
use warnings;
use lib 't/lib';
use POSIX ();
use Senda::Sidecar;
use Test::More;
use Time::HiRes qw(time);

my $GIFT = <<'END';
page gift     /gift
page search   /search?q={q}   is search
page done     /done
field interest  text
field size      number
event walks_by  from api  with store text

tag fading  when visits home  for 90 days
tag busy    when visits gift 2 times
score +10   when visits home

segment keen = score >= 20 and interest = "running"

flow gift
  start when enters keen
  again never
  coupon FREESHIP valid 24 hours
  credit 27.50 EUR
  send email gift
  tag given
  set size 38
  score +5
  notify shop@shop.test
  wait 1 day
  call https://crm.shop.test/gift
  send email gift-2

flow after
  start when visits done
  again always
  only if tag given and size = 38 and score = 25 and interest = "running" and tag fading
  send email after

show banner   in header  if tag given
show welcome  in footer
show buyer    in header  if buys
END

sub contact { my ($name, @more) = @_; join '&', "contact=email=$name%40example.com&name=\u$name&consent=1", @more }
sub lines { my ($s, $pattern) = @_; my $n = () = $s->log =~ /$pattern/g; return $n }
sub published {
    my ($s, $visitor) = @_;
    open my $out, '-|', $s->tool('tool_known'), 'get', $s->dir . '/store', $visitor or die "$!";
    return join '', <$out>;
}

my $TEXT = <<'END';
Subject: {{name}}

--- text
{{#coupon}}code {{coupon}} ({{cupon}}) until {{coupon_valid_until}}{{/coupon}}
{{#credit}}credit {{credit}}{{^credit_valid_until}}, for ever{{/credit_valid_until}}{{/credit}}
you like {{contact.interest}}, size {{contact.size}}. {{postal}} {{unsubscribe_mailto}}
END

# Each kill in the middle of the flow; the last one without any.
for my $signal ('KILL', 'TERM', undef) {
    subtest 'stopped by ' . ($signal // 'nobody') => sub {
        my $s = Senda::Sidecar->new(rules => $GIFT, templates => ['after']);
        my @lapse = ('--lapse', 14400); # a day is six seconds
        $s->template($_, $TEXT) for qw(gift gift-2);
        $s->start(@lapse);
        $s->visit(['shop.test', 'v1', 'GET', '/', contact('ann', 'interest=running', 'colour=red')],
            ['shop.test', 'v2', 'GET', '/', contact('bob', 'interest=golf')], ['shop.test', 'v2', 'GET', '/']);
        $s->wait_for(sub { $s->log =~ /contact 2 is new/ }, 'both are known');
        like($s->log, qr/a part of a header of \/ is not used: colour is no field of the rules/,
            'a field that nobody declared is named');
        like(($s->senda('status'))[0], qr/1 fields of contacts refused/, 'and counted');
        $s->wait_for(sub { published($s, 'v2') eq "personal\nscore 20\ntag 1\n" }, 'what is known of one');
        is(published($s, 'v1'), "personal\nscore 10\ntag 1\n", 'and the other: no block yet, nor a tag of the flow');

        $s->visit(['shop.test', 'v1', 'GET', '/']);
        $s->wait_for(sub { $s->log =~ /message gift sent to contact 1/ }, 'the segment is entered');
        $s->wait_for(sub { published($s, 'v1') =~ /^block banner position header$/m }, 'the block is shown');
        is(published($s, 'v1'), "personal\nscore 25\ntag 1\ntag 3\nsegment keen\nblock banner position header\n",
            'the tag of the flow, its points, the segment, and that block alone');
        unlike(published($s, 'v2'), qr/block/, 'to nobody else');
        if ($signal) {
            $s->stop($signal);
            $s->start(@lapse);
            like($s->log, qr/visits of history, 1 runs go on/, 'its past comes back');
        }
        $s->wait_for(sub { $s->log =~ /message gift-2 sent to contact 1/ }, 'the flow goes on');
        $s->visit(['shop.test', 'v1', 'GET', '/done'], ['shop.test', 'v2', 'GET', '/done']);
        $s->wait_for(sub { $s->log =~ /message after sent to contact 1/ }, 'all that the flow did is true');
        like(published($s, 'v1'), qr/^block banner position header$/m, 'the block is still shown');

        is(lines($s, $_), 1, "once: $_")
            for 'plans coupon FREESHIP for contact 1', 'plans credit 27\.50 for contact 1',
            'plans a notice to the shop for contact 1', 'plans a call for contact 1',
            'plans message gift for', 'plans message gift-2 for', 'plans message after for',
            'flow "gift" starts for contact 1';
        is(lines($s, 'for contact 2'), 0, 'nothing for who likes golf');
        unlike($s->log, qr/shop\@shop\.test|crm\.shop\.test/, 'no address of the shop in the log');
        my %mail = $s->mail;
        is(scalar keys %mail, 3, 'three messages');
        my ($gift) = grep { /^code/m } values %mail;
        like($gift, qr/^code FREESHIP \(FREESHIP\) until \d{4}-\d\d-\d\d \d\d:\d\d\r?$/m, 'the coupon and its end');
        like($gift, qr/^credit 27\.50 EUR, for ever\r?$/m, 'the credit has none');
        like($gift, qr/^you like running, size/m, 'the contact\'s own fields');
        my ($second) = grep { /size 38\./ && !/^code/m } values %mail;
        ok($second, 'what was set is known, the coupon is not said twice');
        my ($out) = $s->senda('contacts', 'show', 'ann@example.com');
        like($out, qr/^  interest +running$/m, 'the contact\'s page: its fields');
        like($out, qr/^  size +38$/m, 'also those that a flow set');
        like($out, qr/^  planned  .*  coupon FREESHIP until /m, 'its coupon');
        like($out, qr/^  planned  .*  call https:\/\/crm\.shop\.test\/gift$/m, 'the call');
        is($s->stop, 0, 'ends cleanly');
        $s->done;
    };
}

subtest 'a contact says something else' => sub {
    my $s = Senda::Sidecar->new(rules => $GIFT, templates => ['gift', 'gift-2', 'after']);
    $s->start;
    $s->visit(['shop.test', 'v1', 'GET', '/', contact('ann', 'interest=golf')]);
    $s->visit(['shop.test', 'v1', 'GET', '/', contact('ann', 'interest=running')]);
    $s->wait_for(sub { $s->log =~ /message gift sent to contact 1/ }, 'the later news counts');
    $s->stop('KILL');
    $s->start;
    $s->visit(['shop.test', 'v1', 'GET', '/done']);
    $s->wait_for(sub { $s->log =~ /message after sent to contact 1/ }, 'also after a start');
    $s->visit(['shop.test', 'v1', 'GET', '/', contact('ann', 'size=40', 'interest=a%0D%0AX-Evil:+1')]);
    $s->visit(['shop.test', 'v1', 'GET', '/done']);
    $s->wait_for(sub { ($s->senda('contacts', 'show', 'ann@example.com'))[0] =~ /^  size +40$/m }, 'and wins over what a flow set');
    like(($s->senda('contacts', 'show', 'ann@example.com'))[0], qr/^  interest +a  X-Evil: 1$/m, 'a value is one line');
    is(lines($s, 'plans message after'), 1, 'the flow asks anew');
    $s->done;
};

subtest 'channels that are not there' => sub {
    my $s = Senda::Sidecar->new(templates => ['hello'], rules => <<'END');
flow hello
  start when signs up
  again never
  send sms hello or email hello
flow call
  start when signs up
  again never
  send sms call
END
    $s->start;
    $s->visit(['shop.test', 'v1', 'POST', '/signup', contact('ann', 'phone=%2B34600111222')],
        ['shop.test', 'v2', 'POST', '/signup', contact('bob')]);
    $s->wait_for(sub { $s->log =~ /message hello sent to contact 2/ }, 'who has no phone gets e-mail');
    $s->wait_for(sub { $s->log =~ /message hello sent to contact 1/ }, 'so does who has both');
    $s->wait_for(sub { $s->log =~ /message call skipped to contact 1, flow "call": no channel sends sms/ }, 'SMS is refused in plain words');
    like(($s->senda('status'))[0], qr/2 sent, 0 deferred, 0 failed, 1 skipped/, 'counted');
    $s->stop;
    $s->start;
    $s->visit(['shop.test', 'v3', 'POST', '/signup', contact('eve')]);
    $s->wait_for(sub { $s->log =~ /message hello sent to contact 3/ }, 'after a start');
    is(lines($s, 'no channel sends sms'), 1, 'and never tried again');
    $s->done;
};

subtest 'the control group' => sub {
    my $s = Senda::Sidecar->new(templates => ['hello', 'receipt'], rules => <<'END');
control group 100%
flow hello
  start when signs up
  coupon HELLO
  send email hello
  notify shop@shop.test
  call https://crm.shop.test/
flow receipt transactional
  start when signs up
  send email receipt
END
    $s->start;
    $s->visit(['shop.test', 'v1', 'POST', '/signup', contact('ann')]);
    $s->wait_for(sub { $s->log =~ /message receipt sent to contact 1/ }, 'what is transactional goes out');
    is(lines($s, "withholds $_, as from all of the control group, for contact 1"), 1, "withheld: $_")
        for 'coupon HELLO', 'message hello', 'a notice to the shop', 'a call';
    is(lines($s, 'plans (?!message receipt)'), 0, 'nothing else is planned');
    like(($s->senda('status'))[0], qr/, 4 withheld from the control group/, 'counted');
    $s->done;
};

subtest 'the most frequent searches' => sub {
    my $s = Senda::Sidecar->new(templates => ['popular'], rules => <<'END');
page search   /search?q={q}   is search
flow popular
  start when searches among the 1 most frequent
  again always
  send email popular
END
    $s->start;
    $s->visit(map { ['shop.test', "v$_", 'GET', '/search?q=Botas'] } 1 .. 3);
    $s->visit(['shop.test', 'a', 'GET', '/search?q=heels', contact('ann')]);
    $s->stop;
    $s->start;
    $s->visit(['shop.test', 'a', 'GET', '/search?q=heels'], ['shop.test', 'b', 'GET', '/search?q=botas', contact('bob')]);
    $s->wait_for(sub { $s->log =~ /message popular sent to contact 2/ }, 'counted also before the start');
    is(lines($s, 'popular" starts for contact 1'), 0, 'another search is not among them');
    $s->done;
};

subtest 'time goes on while it is stopped' => sub {
    my $s = Senda::Sidecar->new(templates => ['daily', 'idle'], rules => <<'END');
tag fading  when visits cart  for 2 days
show left   in header  if tag fading
score -3    when not visits within 3 days
flow daily
  start every day at 10:00 for visits cart
  again always
  send email daily
flow idle
  start when score < 0
  send email idle
END
    my @lapse = ('--lapse', 57600); # a day is a second and a half
    $s->start(@lapse);
    $s->visit(['shop.test', 'v1', 'GET', '/cart', contact('ann')]);
    $s->wait_for(sub { published($s, 'v1') =~ /block/ }, 'the tag is there, and its block');
    # What is said right before a kill may not have been committed: then it is done, and said, again.
    my $starts = sub {
        my %seen;
        return grep { !$seen{$_}++ } $s->log =~ /^(\S+) \S+ \S+  flow "daily" starts for contact 1$/mg;
    };
    $s->wait_for(sub { $starts->() >= 1 }, 'a day');
    $s->stop('KILL');
    my $stopped = time;
    $s->until(10, sub { time > $stopped + 3 }); # two days of the shop
    $s->start(@lapse);
    $s->wait_for(sub { published($s, 'v1') !~ /tag|block/ }, 'what has ended meanwhile is gone');
    $s->wait_for(sub { $s->log =~ /message idle sent to contact 1/ }, 'who did not come was missed');
    my $so_far = () = $starts->();
    $s->stop('TERM');
    $s->start(@lapse);
    $s->wait_for(sub { $starts->() >= $so_far + 2 }, 'more days');
    my @days = $starts->();
    like($s->log, qr/^\S+ 10:00:00 \S+  flow "daily" starts/m, 'at its time');
    unlike($s->log, qr/^\S+ (?!10:00:00)\S+ \S+  flow "daily" starts/m, 'at no other');
    my @numbers = map { POSIX::mktime(0, 0, 12, $3, $2 - 1, $1 - 1900) / 86400 if /^(\d+)-(\d+)-(\d+)/ } @days;
    is(int($numbers[-1] - $numbers[0] + 0.5), $#days, 'none left out');
    is($s->stop, 0, 'ends cleanly');
    my @sent = grep { /^Subject: daily/m } values %{ { $s->mail } };
    cmp_ok(scalar @sent, '<=', scalar(() = $starts->()), 'no day twice');
    cmp_ok(scalar @sent, '>=', scalar(() = $starts->()) - 1, 'each has its message, but for one on its way');
    is(scalar(grep { /^Subject: idle/m } values %{ { $s->mail } }), 1, 'missed once');
    $s->done;
};

subtest 'rules that are new' => sub {
    my $s = Senda::Sidecar->new(rules => "page gift /gift\n", templates => ['x']);
    $s->start;
    $s->visit(['shop.test', 'v1', 'GET', '/gift', contact('ann', 'interest=running')]);
    $s->wait_for(sub { $s->log =~ /contact 1 is new/ }, 'before');
    $s->rules("page gift /gift\nfield interest text\nshow banner in header if visits gift and interest = \"running\"\n");
    $s->wait_for(sub { published($s, 'v1') eq "personal\nblock banner position header\n" }, 'a new block is shown to who was there, a new field is known');
    $s->done;
};

done_testing();
