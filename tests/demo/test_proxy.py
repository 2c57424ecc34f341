"""The proxy breaks connections when and where it is told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from demo.proxy import Fault, FaultProxy
from tests.demo.clients import wait_for

Factory = Callable[[int], FaultProxy]


class Echo:
    """A server that says hello, then repeats what it hears and remembers it."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.sendall(b"hello\r\n")
            while data := client.recv(4096):
                self.heard += data
                client.sendall(data)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(fault_proxy: Factory, echo: Echo) -> FaultProxy:
    return fault_proxy(echo.port)


def connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 2)


def receive(sock: socket.socket, count: int) -> bytes:
    """Up to count bytes, fewer if the connection ends."""
    data = b""
    while len(data) < count:
        try:
            chunk = sock.recv(count - len(data))
        except ConnectionResetError:
            break
        if not chunk:
            break
        data += chunk
    return data


def test_without_faults_everything_passes(proxy: FaultProxy) -> None:
    with connect(proxy) as sock:
        assert receive(sock, 7) == b"hello\r\n"
        sock.sendall(b"x" * 200_000)
        assert receive(sock, 200_000) == b"x" * 200_000
    assert proxy.connections == 1


def test_cut_after_bytes_passes_exactly_so_many(proxy: FaultProxy, echo: Echo) -> None:
    proxy.add(Fault("cut", "up", after_bytes=4))
    with connect(proxy) as sock:
        receive(sock, 7)
        sock.sendall(b"abcdefgh")
        assert receive(sock, 100) in (b"", b"abcd")
    wait_for(lambda: bytes(echo.heard) == b"abcd")


def test_cut_after_a_pattern_split_over_packets(proxy: FaultProxy, echo: Echo) -> None:
    proxy.add(Fault("cut", "up", after_seen=b"DATA\r\n"))
    with connect(proxy) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        receive(sock, 7)
        for part in (b"MAIL\r\nDA", b"TA\r", b"\nrest"):
            sock.sendall(part)
            time.sleep(0.02)
        wait_for(lambda: bytes(echo.heard) == b"MAIL\r\nDATA\r\n")
        sock.settimeout(2)
        while True:
            try:
                if not sock.recv(100):
                    break
            except ConnectionResetError:
                break


def test_the_bytes_that_made_it_due_can_be_kept_back(proxy: FaultProxy, echo: Echo) -> None:
    proxy.add(Fault("cut", "up", after_seen=b"DATA", forward=False))
    with connect(proxy) as sock:
        receive(sock, 7)
        sock.sendall(b"DATA")
        assert receive(sock, 10) == b""
    assert bytes(echo.heard) == b""


def test_the_answer_can_be_lost(proxy: FaultProxy, echo: Echo) -> None:
    proxy.add(Fault("cut", "down", after_seen=b"ping", forward=False))
    with connect(proxy) as sock:
        receive(sock, 7)
        sock.sendall(b"ping")
        assert receive(sock, 10) == b""
    assert bytes(echo.heard) == b"ping"


def test_a_fault_strikes_as_often_as_told(proxy: FaultProxy) -> None:
    proxy.add(Fault("cut", times=2))
    for _ in range(2):
        with connect(proxy) as sock:
            assert receive(sock, 7) == b""
    with connect(proxy) as sock:
        assert receive(sock, 7) == b"hello\r\n"


def test_a_reset_is_a_reset(proxy: FaultProxy) -> None:
    with connect(proxy) as sock:
        receive(sock, 7)
        assert proxy.cut_all(reset=True) == 1
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_a_black_hole_is_silent_and_stays_open(proxy: FaultProxy, echo: Echo) -> None:
    with connect(proxy) as old:
        receive(old, 7)
        proxy.black_hole()
        with connect(proxy) as new:
            for sock in (old, new):
                sock.settimeout(0.1)
                sock.sendall(b"anybody?")
                with pytest.raises(TimeoutError):
                    sock.recv(1)
    assert bytes(echo.heard) == b""
    proxy.heal()
    with connect(proxy) as sock:
        assert receive(sock, 7) == b"hello\r\n"


def test_a_hole_can_open_after_a_pattern(proxy: FaultProxy, echo: Echo) -> None:
    proxy.add(Fault("hole", "up", after_seen=b"\r\n.\r\n"))
    with connect(proxy) as sock:
        receive(sock, 7)
        sock.sendall(b"body\r\n.\r\nmore")
        wait_for(lambda: bytes(echo.heard) == b"body\r\n.\r\n")
        sock.settimeout(0.1)
        sock.sendall(b"still there?")
        with pytest.raises(TimeoutError):
            receive(sock, 100)
    assert bytes(echo.heard) == b"body\r\n.\r\n"


def test_a_delay_delays(proxy: FaultProxy) -> None:
    proxy.add(Fault("delay", "down", seconds=0.15))
    with connect(proxy) as sock:
        began = time.monotonic()
        assert receive(sock, 7) == b"hello\r\n"
        assert time.monotonic() - began >= 0.15


def test_nobody_behind_the_proxy_looks_like_a_lost_connection(fault_proxy: Factory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with connect(fault_proxy(port)) as sock:
        assert receive(sock, 1) == b""
