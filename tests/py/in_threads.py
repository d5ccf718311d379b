# SPDX-License-Identifier: Apache-2.0
"""Work in threads, whose failures are the test's."""

import threading


def together(job, count=4):
    """Runs job(i) in `count` threads that start at once, and raises what any of them raised."""
    errors = []
    barrier = threading.Barrier(count)

    def run(i):
        try:
            barrier.wait()
            job(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def on_stack(size, job):
    """What job() returns or raises in a thread whose stack has that many bytes."""
    found = []

    def run():
        try:
            found.append(job())
        except BaseException as error:
            found.append(error)

    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(120)
    finally:
        threading.stack_size(before)
    return found[0]
