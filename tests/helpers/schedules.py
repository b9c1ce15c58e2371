"""A scheduler that tries every order in which the threads of a module can run, and interrupts at every line.

The module is compiled again with its functions as generators. They yield before each statement and after each call. At
such a point the thread continues, another thread preempts it, or an interrupt is raised in the first thread, as by a
signal handler. No real thread runs, so a schedule is the list of its choices. `explore` tries all lists.
"""

import ast
import inspect
from types import ModuleType


class Interrupt(BaseException):
    """What a signal handler raises in the first thread."""


class BadSchedule(AssertionError):
    """A schedule that breaks a promise, in which no thread can run, or which never ends."""


def explore(run, preemptions, interrupts=0):
    """Call run(scheduler) once per schedule, and return the number of schedules."""
    prefix, count = [], 0
    while True:
        scheduler = Scheduler(prefix, preemptions, interrupts)
        try:
            run(scheduler)
        except AssertionError as error:
            steps = " ".join(f"{thread}:{line}" for thread, line in scheduler.steps[-100:])
            raise BadSchedule(f"schedule {count}: {error}\nlast steps as thread:line: {steps}") from error
        count += 1
        choices = scheduler.choices
        while choices and choices[-1][0] + 1 == choices[-1][1]:
            choices.pop()
        if not choices:
            return count
        choices[-1][0] += 1
        prefix = [choice for choice, _ in choices]


class Wait:
    """What a thread yields to wait until is_over(). The yield returns False if a timed wait ends before that."""

    def __init__(self, is_over, is_timed=False):
        self.is_over, self.is_timed = is_over, is_timed


class Thread:
    """A generator, and what it waits for."""

    def __init__(self, name, function):
        self.name, self.generator = name, function()
        self.wait = None
        self.is_over = self.is_interrupted = False

    def can_run(self):
        return not self.is_over and (self.wait is None or self.wait.is_over())


class Scheduler:
    """The threads of one schedule. The first choices come from a prefix; later points take their first option."""

    def __init__(self, prefix, preemptions, interrupts):
        self.prefix, self.preemptions, self.interrupts = prefix, preemptions, interrupts
        self.choices = []  # [choice, number of options] of each point with several options
        self.steps, self.threads = [], []
        self.has_timed_out = False
        self.timeouts = 0  # timed waits that ended because no thread could run: a poll instead of a notification

    def start(self, function):
        """Add a thread, which runs when the schedule says so."""
        self.threads.append(Thread(len(self.threads), function))
        return self.threads[-1]

    def run(self, function):
        """Run function() as the first thread, and those that it starts, until all have ended."""
        self.current = self.start(function)
        while not all(thread.is_over for thread in self.threads):
            assert len(self.steps) < 3000, "the schedule does not end"
            self.current = self.step(self.current)

    def step(self, thread):
        """Run a thread to its next point, and return the thread that runs then."""
        wait, thread.wait = thread.wait, None
        try:
            if thread.is_interrupted:
                thread.is_interrupted = False
                point = thread.generator.throw(Interrupt())
            else:
                point = thread.generator.send(wait and wait.is_over())
        except StopIteration:
            thread.is_over = True
            return self.next_thread()
        if isinstance(point, Wait):
            thread.wait = point
            return thread if point.is_over() else self.next_thread(thread)
        return self.next_at(thread, *point)

    def next_at(self, thread, line, is_shared, is_interruptible=True):
        """Return the thread that runs after this point. Other threads can preempt only at points that are shared."""
        self.steps.append((thread.name, line))
        options = [thread]
        if is_shared and self.preemptions:
            options += [other for other in self.threads if other is not thread and other.can_run()]
        may_interrupt = is_interruptible and self.interrupts > 0 and thread.name == 0
        choice = self.choose(len(options) + may_interrupt)
        if choice == len(options):
            self.interrupts -= 1
            self.steps.append((thread.name, "interrupt"))
            thread.is_interrupted = True
            return thread
        self.preemptions -= choice > 0
        return options[choice]

    def next_thread(self, waiting=None):
        """Return a thread that can run. One timed wait of a schedule may end early. Others end if no thread can run."""
        options = [thread for thread in self.threads if thread.can_run()]
        may_time_out = waiting is not None and waiting.wait.is_timed and not self.has_timed_out
        choice = self.choose(len(options) + may_time_out)
        if choice < len(options):
            return options[choice]
        if options:
            self.has_timed_out = True
            return waiting
        unfinished = [thread for thread in self.threads if not thread.is_over]
        timed = [thread for thread in unfinished if thread.wait.is_timed]
        self.timeouts += len(timed)
        assert not unfinished or (timed and self.timeouts < 4), "no thread can run"
        return timed[0] if timed else None

    def choose(self, count):
        """Return the number of an option: that of the prefix, or 0."""
        if count < 2:
            return 0
        choice = self.prefix[len(self.choices)] if len(self.choices) < len(self.prefix) else 0
        self.choices.append([choice, count])
        return choice


class Lock:
    """A lock whose waiting threads are known to the scheduler."""

    def __init__(self):
        self.is_held = False

    def acquire(self, timeout=-1):
        is_free = yield Wait(lambda: not self.is_held, is_timed=timeout >= 0)
        self.is_held = self.is_held or is_free
        return is_free

    def release(self):
        yield "release", True
        self.is_held = False


def instrumented(source):
    """Return a module from this source whose functions are generators, and which uses Lock for threading.Lock."""
    tree = ast.fix_missing_locations(_Generators().visit(ast.parse(source)))
    module = ModuleType("instrumented")
    module.__dict__.update(_call=call, Lock=Lock)
    exec(compile(tree, "instrumented", "exec"), module.__dict__)
    return module


def call(line, function, *arguments, **options):
    """Call a function or a generator function. Yield after the call: Python runs signal handlers there."""
    value = function(*arguments, **options)
    if inspect.isgenerator(value):
        value = yield from value
    yield line, False
    return value


class _Generators(ast.NodeTransformer):
    """Make each function a generator, except special methods: Python itself calls these."""

    depth = 0  # of functions
    is_interruptible = True

    def visit(self, node):
        is_in_function = self.depth > 0
        new = super().visit(node)
        if not is_in_function or not isinstance(node, ast.stmt) or isinstance(node, (ast.While, ast.With, ast.Try)):
            return new
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return new  # a docstring
        return [ast.Expr(self.point(node, [node.test] if isinstance(node, ast.If) else [node])), new]

    def point(self, node, expressions):
        """Return a yield. Other threads can see a statement if it uses `self` or `lock`."""
        names = {child.id for part in expressions for child in ast.walk(part) if isinstance(child, ast.Name)}
        values = node.lineno, not names.isdisjoint(("self", "lock")), self.is_interruptible
        return ast.Yield(ast.Tuple([ast.Constant(value) for value in values], ast.Load()))

    def visit_FunctionDef(self, node):
        if node.name.startswith("__"):
            return node
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return node

    def visit_ExceptHandler(self, node):
        """Raise no interrupt where a caller handles an error of its own: see the docstring of _SharedTasks."""
        before = self.is_interruptible
        self.is_interruptible = before and getattr(node.type, "id", "") != "BaseException"
        self.generic_visit(node)
        self.is_interruptible = before
        return node

    def visit_ImportFrom(self, node):
        return ast.Pass() if node.module == "threading" else node

    def visit_While(self, node):
        if isinstance(node.test, ast.Constant):  # `while True` is reached again after a handler
            return self.generic_visit(node)
        point = self.point(node, [node.test])
        self.generic_visit(node)
        node.test = ast.BoolOp(ast.Or(), [point, node.test])
        return node

    def visit_With(self, node):
        self.generic_visit(node)
        (item,) = node.items
        acquire, release = (ast.Attribute(item.context_expr, name, ast.Load()) for name in ("acquire", "release"))
        body = ast.Try(node.body, [], [], [ast.Expr(_call_later(node, release))])
        return [ast.Expr(self.point(node, [item.context_expr])), ast.Expr(_call_later(node, acquire)), body]

    def visit_Call(self, node):
        self.generic_visit(node)
        return _call_later(node, node.func, node.args, node.keywords) if self.depth else node


def _call_later(node, function, arguments=(), keywords=()):
    arguments = [ast.Constant(node.lineno), function, *arguments]
    return ast.YieldFrom(ast.Call(ast.Name("_call", ast.Load()), arguments, list(keywords)))
