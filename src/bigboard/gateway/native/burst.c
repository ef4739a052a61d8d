/* One message to many sockets in one call: what the system needs for each, and next to nothing beside it.
 *
 * From Python a `send` costs a method call, a look at the arguments, the interpreter's lock given back and taken again: two
 * microseconds beside the ten that the system takes. `gateway/burst.py` says what this does, and what is done without it.
 */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Python ignores SIGPIPE */
#endif

/* Who got less than all: the place in the list, and how many bytes it took. */
struct rest {
    Py_ssize_t place;
    Py_ssize_t taken;
};

static Py_ssize_t send_to_each(const int *numbers, Py_ssize_t count, const char *data, Py_ssize_t size, struct rest *rests) {
    Py_ssize_t left = 0;
    for (Py_ssize_t place = 0; place < count; place++) {
        ssize_t taken = -1;
        if (numbers[place] >= 0) {
            do
                taken = send(numbers[place], data, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
            while (taken < 0 && errno == EINTR);
        }
        /* Full or broken: whoever is asked to send the rest finds out. */
        if (taken != size) rests[left++] = (struct rest){place, taken < 0 ? 0 : taken};
    }
    return left;
}

static PyObject *listed(const struct rest *rests, Py_ssize_t count) {
    PyObject *list = PyList_New(count);
    for (Py_ssize_t at = 0; list != NULL && at < count; at++) {
        PyObject *pair = Py_BuildValue("nn", rests[at].place, rests[at].taken);
        if (pair == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, at, pair); /* takes the pair over */
    }
    return list;
}

/* The number of a socket, -1 if it is closed; -2 with an exception if it is no socket at all. */
static int number_of(PyObject *list, Py_ssize_t place) {
    int number = PyObject_AsFileDescriptor(PyList_GetItem(list, place));
    if (number >= 0) return number;
    if (!PyErr_ExceptionMatches(PyExc_ValueError)) return -2;
    PyErr_Clear();
    return -1;
}

static PyObject *send_each(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *sockets, *result = NULL;
    const char *data;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(arguments, "O!y#:send_each", &PyList_Type, &sockets, &data, &size)) return NULL;
    Py_ssize_t count = PyList_Size(sockets), left;
    int *numbers = PyMem_Malloc((size_t)count * sizeof *numbers + 1);
    struct rest *rests = PyMem_Malloc((size_t)count * sizeof *rests + 1);
    if (numbers == NULL || rests == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    /* All of them before the first is sent to: `fileno` may be any code, and must not find a list that shrinks. */
    for (Py_ssize_t place = 0; place < count; place++) {
        if (place >= PyList_Size(sockets)) {
            PyErr_SetString(PyExc_RuntimeError, "the list of sockets changed while it was read");
            goto end;
        }
        if ((numbers[place] = number_of(sockets, place)) == -2) goto end;
    }
    Py_BEGIN_ALLOW_THREADS
    left = send_to_each(numbers, count, data, size, rests);
    Py_END_ALLOW_THREADS
    result = listed(rests, left);
end:
    PyMem_Free(numbers);
    PyMem_Free(rests);
    return result;
}

static PyMethodDef methods[] = {
    {"send_each", send_each, METH_VARARGS, "send_each(sockets, data) -> [(place, taken), ...] of those that took less than all"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_burst", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__burst(void) { return PyModuleDef_Init(&definition); }
