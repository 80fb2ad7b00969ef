#!/usr/bin/perl
# Stands in for a program that a simulated machine cannot have. The model at the other end of the socket decides what
# it prints and returns. Frames: one letter, 32 bit length, bytes. No modules, not even strict
# and warnings, and no %!, which loads three: together they double what a call costs. A test compiles it with both.

# Without the model the machine is about to end. A script must not see a program fail because of that: it would go on.
sub stand_still { sleep 3600 while 1 }

my $EINTR = 4;
my ($name) = $0 =~ m{([^/]+)\z};
my $socket;
socket($socket, 1, 1, 0) && connect($socket, pack('S a*', 1, "/dev/mlk8s-model\0")) or stand_still();

sub put {
    my ($fh, $bytes) = @_;
    my $at = 0;
    while ($at < length $bytes) {
        my $wrote = syswrite($fh, $bytes, length($bytes) - $at, $at);
        $at += $wrote if defined $wrote;
        return 0 if !defined $wrote && $! != $EINTR;
    }
    return 1;
}

sub tell_model {
    my ($type, $body) = @_;
    local $SIG{PIPE} = 'IGNORE';
    put($socket, $type . pack('N', length $body) . $body) or stand_still();
}

sub take {
    my ($length) = @_;
    my $bytes = '';
    while (length $bytes < $length) {
        my $got = sysread($socket, $bytes, $length - length $bytes, length $bytes);
        stand_still() if defined $got ? !$got : $! != $EINTR;
    }
    return $bytes;
}

# Byte by byte: what follows the line belongs to the program that is started next.
sub read_line {
    my $line = '';
    while (1) {
        my $got = sysread(STDIN, my $byte, 1);
        next if !defined $got && $! == $EINTR;
        last if !$got;
        $line .= $byte;
        last if $byte eq "\n";
    }
    return $line;
}

sub send_input {
    while (1) {
        my $got = sysread(STDIN, my $bytes, 65536);
        next if !defined $got && $! == $EINTR;
        last if !$got;
        tell_model('I', $bytes);
    }
    tell_model('E', '');
}

# Fields: what to say and return when there is no such program, clear the environment first, number of words, words,
# environment.
sub become {
    my ($complaint, $code, $clear, $argc, @rest) = @_;
    my @argv = splice(@rest, 0, $argc);
    %ENV = () if $clear;
    for (@rest) { my ($key, $value) = split(/=/, $_, 2); $ENV{$key} = $value }
    exec { $argv[0] } @argv or do {
        print STDERR "$complaint\n" if length $complaint;
        exit $code;
    };
}

my $child = 0;

sub run {
    my ($own_group, @fields) = @_;
    my $pid = fork();
    if (!defined $pid) { tell_model('W', "255\0000"); return }
    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP QUIT USR1 USR2);
        setpgrp(0, 0) if $own_group;
        become(@fields);
    }
    $child = $own_group ? -$pid : $pid;
    for my $signal (qw(TERM INT HUP QUIT USR1 USR2)) { $SIG{$signal} = sub { kill $signal, $child } }
    setpgrp($pid, $pid) if $own_group;
    tell_model('P', $child);
    while (waitpid($pid, 0) < 0) { last if $! != $EINTR }
    my $status = $?;
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP QUIT USR1 USR2);
    tell_model('W', ($status >> 8) . "\0" . ($status & 127));
}

binmode STDIN;
my $cwd = readlink('/proc/self/cwd');
tell_model('H', join("\0", $name, defined $cwd ? $cwd : '/', scalar @ARGV, @ARGV, map { "$_=$ENV{$_}" } keys %ENV));

my %orders = (
    O => sub { put(\*STDOUT, $_[0]) },
    R => sub { put(\*STDERR, $_[0]) },
    I => \&send_input,
    L => sub { tell_model('L', read_line()) },
    X => sub { become(split(/\0/, $_[0], -1)) },
    G => sub { run(split(/\0/, $_[0], -1)) },
    Q => sub { exit $_[0] },
    # The program itself dies of this signal.
    D => sub { $SIG{ $_[0] } = 'DEFAULT'; kill $_[0], $$; sleep 1 },
);
while (1) {
    my ($type, $length) = unpack('a N', take(5));
    $orders{$type}->(take($length));
}
