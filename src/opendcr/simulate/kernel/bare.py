"""Arrays without their owner, for loops that pass many of them: compiled.

Each time an array is passed on, its owner's count goes up and down, which for a loop of a few hundred
nanoseconds costs more than the loop. A bare array has no owner to count; whoever made the array
must still be using it after the call that the bare one is passed to.
"""

from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from opendcr.compiling import helper


@intrinsic
def _pointer(typing_context, address):
    def code(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), code


@helper
def bare(array):
    """The same array without its owner; it must be contiguous."""
    return carray(_pointer(array.ctypes.data), array.shape, array.dtype)
