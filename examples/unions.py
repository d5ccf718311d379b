# SPDX-License-Identifier: Apache-2.0
"""Records that a tag tells apart. The tag is written and read by quire; a key that is not first is found all the same."""

import quire


class Circle(quire.Record, tag="circle"):
    radius: float


class Rectangle(quire.Record, tag="rectangle"):
    width: float
    height: float


def area(shape: Circle | Rectangle) -> float:
    match shape:
        case Circle(radius=radius):
            return 3.14 * radius**2
        case Rectangle(width=width, height=height):
            return width * height


text = b'[{"type": "circle", "radius": 1}, {"width": 2, "height": 3, "type": "rectangle"}]'
shapes = quire.json.decode(text, list[Circle | Rectangle])
print(shapes)
print([area(shape) for shape in shapes])
print(quire.json.encode(shapes[1]).decode())
print(quire.json.decode(b'[1, "one", null]', list[int | str | None]))

# prints:
# [Circle(radius=1.0), Rectangle(width=2.0, height=3.0)]
# [3.14, 6.0]
# {"type":"rectangle","width":2.0,"height":3.0}
# [1, 'one', None]
