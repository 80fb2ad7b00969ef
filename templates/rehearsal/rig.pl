#!/usr/bin/perl
# First process of a simulated machine: makes its namespaces, mounts what it is told to, then starts programs in it.
# Requests come on standard input, answers go to standard output, both as frames: 32 bit length, fields parted by NUL.
# When standard input ends (the server is gone) it exits, and the kernel ends everything else in the machine with it.
use strict;
use warnings;
use POSIX ();

# Not all perl-base have syscall.ph.
my %numbers = (
    x86_64  => { mount => 165, umount2 => 166, pivot_root => 155, unshare => 272, sethostname => 170, prctl => 157, signalfd4 => 289 },
    aarch64 => { mount => 40, umount2 => 39, pivot_root => 41, unshare => 97, sethostname => 161, prctl => 167, signalfd4 => 74 },
);
my $nr = $numbers{ (POSIX::uname())[4] } or fail('architecture', 'not supported');
my ($MS_RDONLY, $MS_NOSUID, $MS_NODEV, $MS_REMOUNT, $MS_NOATIME, $MS_BIND, $MS_REC, $MS_PRIVATE, $MS_RELATIME)
    = (0x1, 0x2, 0x4, 0x20, 0x400, 0x1000, 0x4000, 0x40000, 0x200000);
my $MOUNT_SETATTR = 442;    # the same on every architecture
my $ALL_NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x04000000 | 0x08000000 | 0x40000000;
my ($SIGCHLD, $PR_SET_PDEATHSIG) = (17, 1);

sub answer { my $body = join("\0", @_); syswrite(STDOUT, pack('N', length $body) . $body) }
sub fail { answer('fail', @_); exit 1 }

sub put { my ($path, $text) = @_; open(my $f, '>', $path) or return 0; my $ok = print $f $text; return close($f) && $ok }

# $! must be a number for syscall's sake: strings are passed as addresses, numbers as numbers.
sub mnt {
    my ($source, $target, $type, $flags, $data) = @_;
    return syscall($nr->{mount}, "$source", "$target", "$type", $flags + 0, "$data") == 0;
}

sub read_only {
    my ($path) = @_;
    my $attributes = pack('QQQQ', 1, 0, 0, 0);
    return 1 if syscall($MOUNT_SETATTR, -100, $path, 0x8000, $attributes, length $attributes) == 0;
    # Before Linux 5.12; flags that the machine's own mount has must be repeated.
    my $flags = $MS_BIND | $MS_REMOUNT | $MS_RDONLY | $MS_NOSUID | $MS_NODEV;
    return mnt('none', $path, '', $flags | $MS_RELATIME, '') || mnt('none', $path, '', $flags | $MS_NOATIME, '');
}

my %operations = (
    bind   => sub { mnt($_[0], $_[1], '', $MS_BIND | $MS_REC, '') },
    ro     => sub { read_only($_[1]) },
    tmpfs  => sub { mnt('tmpfs', $_[1], 'tmpfs', $MS_NOSUID, $_[0]) },
    proc   => sub { mnt('proc', $_[1], 'proc', $MS_NOSUID | $MS_NODEV, '') },
    devpts => sub { mnt('devpts', $_[1], 'devpts', $MS_NOSUID, $_[0]) },
    mkdir  => sub { mkdir($_[1], oct $_[0]) || -d $_[1] },
    file   => sub { put($_[1], '') },
    link   => sub { symlink($_[0], $_[1]) },
);

sub receive {
    my ($fh, $buffer) = @_;
    while (1) {
        if (length $$buffer >= 4) {
            my $length = unpack('N', $$buffer);
            if (length $$buffer >= 4 + $length) {
                my $body = substr($$buffer, 4, $length);
                substr($$buffer, 0, 4 + $length) = '';
                return split(/\0/, $body, -1);
            }
        }
        my $got = sysread($fh, $$buffer, 65536, length $$buffer);
        next if !defined $got && $!{EINTR};
        exit 0 if !$got;
    }
}

sub namespaces {
    my ($uid, $gid) = ($>, $) + 0);
    syscall($nr->{unshare}, $ALL_NAMESPACES) == 0 or fail('unshare', "$!");
    put('/proc/self/setgroups', 'deny') or fail('setgroups', "$!");
    put('/proc/self/uid_map', "0 $uid 1") or fail('uid_map', "$!");
    put('/proc/self/gid_map', "0 $gid 1") or fail('gid_map', "$!");
}

sub build {
    my ($root, $hostname, @steps) = @_;
    mnt('none', '/', '', $MS_REC | $MS_PRIVATE, '') or fail('private mounts', "$!");
    mnt($root, $root, '', $MS_BIND | $MS_REC, '') or fail("bind $root", "$!");
    while (my ($what, $from, $to) = splice(@steps, 0, 3)) {
        $operations{$what}->($from, "$root$to") or fail("$what $from $to", "$!");
    }
    chdir $root or fail("chdir $root", "$!");
    # Both names may be the same folder; the old root then lies on top and is taken away.
    my ($here, $there) = ('.', '.');
    syscall($nr->{pivot_root}, $here, $there) == 0 or fail('pivot_root', "$!");
    syscall($nr->{umount2}, $here, 2) == 0 or fail('umount', "$!");
    chdir '/';
    syscall($nr->{sethostname}, $hostname, length $hostname) == 0 or fail('hostname', "$!");
    loopback();
}

sub loopback {
    socket(my $s, 2, 2, 0) or return;
    my $request = pack('a16 s x22', 'lo', 0x1);
    ioctl($s, 0x8914, $request);
}

my %running;

sub start {
    my ($id, $streams, $cwd, $argc, @rest) = @_;
    my @argv = splice(@rest, 0, $argc);
    my $pid = fork();
    if (!defined $pid) { answer('exit', $id, 127, 0); return }
    if ($pid) { $running{$pid} = $id; answer('started', $id, $pid); return }
    POSIX::setsid();
    POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), POSIX::SigSet->new($SIGCHLD));
    $streams ? connect_streams($id) : no_streams();
    %ENV = map { split(/=/, $_, 2) } @rest;
    umask 022;
    chdir $cwd or chdir '/';
    exec { $argv[0] } @argv or print STDERR "$argv[0]: $!\n";
    POSIX::_exit(127);
}

sub connect_streams {
    my ($id) = @_;
    for my $fd (0 .. 2) {
        my $s;
        socket($s, 1, 1, 0) && connect($s, pack('S a*', 1, "/dev/mlk8s-model\0")) or POSIX::_exit(126);
        my $header = "$id\0$fd";
        syswrite($s, 'S' . pack('N', length $header) . $header);
        POSIX::dup2(fileno($s), $fd);
    }
}

sub no_streams {
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>', '/dev/null');
    open(STDERR, '>', '/dev/null');
}

sub reap {
    while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) {
        my $id = delete $running{$pid};
        answer('exit', $id, $? >> 8, $? & 127) if defined $id;
    }
}

my %requests = (
    exec => \&start,
    kill => sub { my ($signal, $pid) = @_; kill $signal, $pid },
    # Everything that a started program is the leader of.
    end => sub { my ($signal, $id) = @_; for (keys %running) { kill $signal, -$_ if $running{$_} eq $id } },
    hostname => sub { syscall($nr->{sethostname}, "$_[0]", length $_[0]) },
);

sub serve {
    my ($buffer) = @_;
    my $mask = pack('Q', 1 << ($SIGCHLD - 1));
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new($SIGCHLD));
    my $signals = syscall($nr->{signalfd4}, -1, $mask, 8, 0x80000);
    $signals >= 0 or fail('signalfd', "$!");
    answer('up');
    while (1) {
        my $ready = '';
        vec($ready, 0, 1) = 1;
        vec($ready, $signals, 1) = 1;
        next if select($ready, undef, undef, undef) < 0;
        if (vec($ready, $signals, 1)) { POSIX::read($signals, my $ignored, 128); reap() }
        next unless vec($ready, 0, 1);
        do {
            my ($what, @fields) = receive(\*STDIN, $buffer);
            $requests{$what}->(@fields);
        } while (length $$buffer >= 4 && length $$buffer >= 4 + unpack('N', $$buffer));
    }
}

binmode STDIN;
binmode STDOUT;
$SIG{PIPE} = 'IGNORE';
my $buffer = '';
my ($root, $hostname, @steps) = receive(\*STDIN, \$buffer);
namespaces();
my $first = fork();
defined $first or fail('fork', "$!");
if ($first == 0) {
    # The server ends a machine by ending its parent; the machine must not survive that.
    syscall($nr->{prctl}, $PR_SET_PDEATHSIG, 9);
    $SIG{PIPE} = 'DEFAULT';
    build($root, $hostname, @steps);
    serve(\$buffer);
    exit 0;
}
answer('pid', $first);
close STDIN;
close STDOUT;
waitpid($first, 0);
exit($? ? 1 : 0);
