# SPDX-License-Identifier: Apache-2.0
"""JSON that arrives in pieces, as a language model writes it: shown while it grows, checked against a type at the end."""

import quire


class Answer(quire.Record):
    title: str
    steps: list[str]
    confidence: float


pieces = ['{"title": "Te', 'a", "steps": ["boil w', 'ater", "wai', 't"], "confid', 'ence": 0.', "9}\n"]
stream = quire.json.Decoder(Answer).stream()
for piece in pieces:
    for answer in stream.feed(piece):
        print("whole:", answer)
    print("so far:", stream.partial())
stream.close()

# prints:
# so far: {'title': 'Te'}
# so far: {'title': 'Tea', 'steps': ['boil w']}
# so far: {'title': 'Tea', 'steps': ['boil water', 'wai']}
# so far: {'title': 'Tea', 'steps': ['boil water', 'wait']}
# so far: {'title': 'Tea', 'steps': ['boil water', 'wait']}
# whole: Answer(title='Tea', steps=['boil water', 'wait'], confidence=0.9)
# so far: UNSET
