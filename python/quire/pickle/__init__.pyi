# SPDX-License-Identifier: Apache-2.0
from pickle import *
from pickle import DEFAULT_PROTOCOL as DEFAULT_PROTOCOL
from pickle import HIGHEST_PROTOCOL as HIGHEST_PROTOCOL
from pickle import PickleBuffer as PickleBuffer
from pickle import PickleError as PickleError
from pickle import Pickler as Pickler
from pickle import PicklingError as PicklingError
from pickle import Unpickler as Unpickler
from pickle import UnpicklingError as UnpicklingError
from pickle import bytes_types as bytes_types
from pickle import decode_long as decode_long
from pickle import dump as dump
from pickle import dumps as dumps
from pickle import encode_long as encode_long
from pickle import load as load
from pickle import loads as loads
from quire.pickle._dis import dis as dis
