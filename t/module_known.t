# $senda_score, $senda_stage, $senda_segments, $senda_show_POSITION: what the sidecar published of a
# visitor, whom it may be shown to, and blocks that are everybody's.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
tag vip
tag dressy home 100
show banner header if
show welcome header
show last header if
show vip-box Side-Bar if
show hello foot
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);
$t->page('ssi.html', '<p><!--#echo var="senda_show_header" default="-" --></p>');
my $all = '[$senda_score] [$senda_stage] [$senda_segments] [$senda_tags] $senda_show_header '
    . '[$senda_show_side_bar] $senda_show_foot [$senda_show_nowhere]';
$t->start(
    server => <<"END",
    senda_trust_upstream on;
    location / { return 200 "$all"; }
    location = /off { senda off; return 200 "$all"; }
    location = /ssi.html { ssi on; }
    location = /early {
        proxy_set_header X-Before "$all";
        sub_filter AFTER "$all";
        proxy_pass http://127.0.0.1:$app;
    }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / { add_header X-Senda-Contact \$arg_who; return 200 "\$http_x_before; AFTER"; }
    }
END
);

sub known { my ($jar, @words) = @_; $t->run($t->tool('tool_known'), 'set', $t->store, visitor($jar), @words); $t->share_published; }

# The visitor of a jar, whose cookie has come back.
my %visitors;
sub visitor { return $visitors{ $_[0] } }
sub browser {
    my $jar = {};
    my %before = map { $_ => 1 } keys %{ $t->counts };
    $t->get('/', jar => $jar) for 1 .. 2;
    $t->wait_drained;
    ($visitors{$jar}) = grep { !$before{$_} } keys %{ $t->counts };
    return $jar;
}

my $nothing = '[0] [] [] [] welcome [] hello []';

subtest 'what speaks of a browser' => sub {
    my $jar = browser();
    is($t->get('/', jar => $jar)->body, $nothing, 'nothing is known');
    known($jar, 'score=-5', 'stage=lead', 'segment=keen', 'segment=madrid', 'vip', 'show=banner:header',
        'show=vip-box:Side-Bar', 'show=gone:foot');
    is($t->get('/', jar => $jar)->body,
        '[-5] [lead] [keen, madrid] [vip] banner [vip-box] hello []', 'all of it');
    is($t->get('/ssi.html', jar => $jar)->body, '<p>banner</p>', 'in SSI');
    known($jar, 'show=last:header');
    is($t->get('/', jar => $jar)->body, $nothing, 'the first of the rules, not of the record');
    is($t->get('/off', jar => $jar)->body, '[0] [] [] []  []  []', 'senda off');
    known($jar);
    is($t->get('/', jar => $jar)->body, $nothing, 'forgotten');
    is($t->get('/', jar => browser())->body, $nothing, 'nobody else\'s');
};

subtest 'everybody\'s blocks need nothing' => sub {
    my $jar = browser();
    known($jar, 'score=7', 'show=banner:header');
    is($t->get('/')->body, $nothing, 'without a cookie');
    is($t->get('/', jar => {%$jar}, headers => ['User-Agent' => 'Googlebot/2.1'])->body, $nothing, 'a bot');
    is($t->get('/', jar => {%$jar}, headers => ['Sec-GPC' => 1])->body, $nothing, 'without consent');
    is($t->get('/', jar => {%$jar})->body, '[7] [] [] [] banner [] hello []', 'with all that');
};

subtest 'what speaks of a person' => sub {
    my $jar = browser();
    known($jar, 'personal', 'score=3', 'stage=client', 'segment=vip', 'vip', 'show=banner:header');
    is($t->get('/', jar => $jar)->body, $nothing, 'not before a login');
    my $shown = '[3] [client] [vip] [vip] banner [] hello []';
    is($t->get('/early?who=email=ana%40example.com', jar => $jar)->body, "$nothing; $nothing",
        'nor in the answer that says for the first time who it is: it may have been another');
    is($t->get('/', jar => $jar)->body, $shown, 'but from then on');
    is($t->get('/early?who=email=eva%40example.com', jar => $jar)->body, "$shown; $nothing",
        'until the shop says that it is another, of whom nothing is known');
    is($t->get('/', jar => $jar)->body, $nothing, 'nor later');
};

$t->done;
