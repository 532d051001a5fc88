"""Goal: tools/house sees the breaches it is there for, and nothing else.
Method: small made-up sources through each rule that is a pure function of text."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

PATH = pathlib.Path(__file__).resolve().parents[3] / "tools/house"
loader = importlib.machinery.SourceFileLoader("house", str(PATH))
house = importlib.util.module_from_spec(importlib.util.spec_from_loader("house", loader))
loader.exec_module(house)


def lengths_of(text, **options):
    return [last - first + 1 for first, last in house.functions(text, **options)]


class Deps(unittest.TestCase):
    def refused(self, source, path):
        return bool(list(house.check_deps(source, f'#include "{path}"\n')))

    def test_directions(self):
        allowed = [
            ("engine/base/a.cc", "engine/base/b.h"),
            ("engine/encode/a.cc", "engine/frame/b.h"),
            ("engine/session/a.cc", "engine/wire/b.h"),
            ("engine/shard/a.cc", "engine/session/b.h"),
            ("drivers/x264/a.cc", "engine/encode/b.h"),
            ("drivers/encoders.cc", "drivers/x264/b.h"),
            ("containers/controller/a.cc", "engine/base/b.h"),
            ("tools/programs/a.cc", "drivers/encoders.h"),
            ("tests/contract/encoder/a.cc", "tests/contract/encoder/b.h"),
            ("engine/capture/a.cc", "xdg-shell-protocol.h"),
        ]
        refused = [
            ("engine/base/a.cc", "engine/frame/b.h"),
            ("engine/frame/a.cc", "engine/encode/b.h"),
            ("engine/encode/a.cc", "engine/compose/b.h"),
            ("engine/encode/a.cc", "drivers/x264/b.h"),
            ("engine/session/a.cc", "engine/shard/b.h"),
            ("engine/shard/a.cc", "containers/runtime/b.h"),
            ("drivers/x264/a.cc", "drivers/openh264/b.h"),
            ("drivers/x264/a.cc", "engine/session/b.h"),
            ("drivers/x264/a.cc", "containers/runtime/b.h"),
            ("containers/controller/a.cc", "engine/frame/b.h"),
            ("tools/programs/a.cc", "tests/support/b.h"),
            ("engine/encode/a.cc", "../base/b.h"),
        ]
        for source, path in allowed:
            self.assertFalse(self.refused(source, path), (source, path))
        for source, path in refused:
            self.assertTrue(self.refused(source, path), (source, path))


class Access(unittest.TestCase):
    def refused(self, source, line):
        return bool(list(house.check_access(source, line + "\n")))

    def test_pixels_have_one_door(self):
        for line in ["void* m = ::mmap(nullptr, n, PROT_READ, MAP_SHARED, fd, 0);",
                     "auto* p = buffer.begin_cpu_read();", "if (!layer.buffer->end_cpu_read()) return;"]:
            for source in ["drivers/v4l2/memory.cc", "engine/compose/cpu_composer.cc", "engine/capture/seat/cursor.cc"]:
                self.assertTrue(self.refused(source, line), (source, line))
            for source in ["engine/frame/cpu_access.cc", "engine/base/unique_fd.cc", "tests/lab/dma_memory.cc"]:
                self.assertFalse(self.refused(source, line), (source, line))

    def test_words_and_definitions_are_none(self):
        for line in ["// mmap(2) and begin_cpu_read() pair", "const std::uint8_t* begin_cpu_read() override;", "munmap(p, n);",
                     'log("x.begin_cpu_read()");']:
            self.assertFalse(self.refused("engine/capture/shm_buffer.cc", line), line)


class Lengths(unittest.TestCase):
    BODY = "\n".join(f"  step({i});" for i in range(80))

    def test_functions_of_every_shape_are_found(self):
        for head in ["void f() {", "int A::f(int x) const {", "auto f() -> Result<int> {",
                     "A::A() : a_(1) {", "A::A() : a_{1}, b_(2), c_{3} {", "TEST_F(Suite, Name) {",
                     "A::~A() noexcept {", "template <typename T>\nvoid f(T t) {"]:
            self.assertEqual(lengths_of(f"{head}\n{self.BODY}\n}}\n"), [82], head)

    def test_classes_and_tables_are_not_functions(self):
        for head in ["namespace rp {", "class A final : public B<C> {", "enum class E : int {",
                     "constexpr std::array kTable = {"]:
            self.assertEqual(lengths_of(f"{head}\n{self.BODY}\n}};\n"), [], head)

    def test_members_are_found_inside_their_class(self):
        text = "namespace a {\nclass B {\n public:\n  void f() {\n  }\n  int g{0};\n  int h() { return 1; }\n};\n}\n"
        self.assertEqual(lengths_of(text), [2, 1])

    def test_braces_in_literals_and_comments_do_not_count(self):
        text = 'void f() {\n  a("{"); // {\n  /* { */ b(\'{\');\n  c(R"({{)");\n}\nvoid g() {\n}\n'
        self.assertEqual(lengths_of(text), [5, 2])

    def test_typescript(self):
        self.assertEqual(lengths_of(f"export function f(a: number): void {{\n{self.BODY}\n}}\n",
                                    typescript=True), [82])
        self.assertEqual(lengths_of(f"class A {{\n  go(): string {{\n{self.BODY}\n  }}\n}}\n",
                                    typescript=True), [82])

    def test_long_files_and_functions_are_told(self):
        told = list(house.check_lengths("a.cc", f"void f() {{\n{self.BODY}\n}}\n"))
        self.assertEqual(told[0][0], 1)
        self.assertIn("82 lines", told[0][1])
        self.assertTrue(list(house.check_lengths("a.cc", "\n" * 501)))
        self.assertFalse(list(house.check_lengths("a.cc", "\n" * 500)))


class Text(unittest.TestCase):
    def test_notes_space_and_folders(self):
        note = "TO" + "DO"
        self.assertEqual(list(house.check_text("engine/a.cc", f"ok\n// {note}: x\n"))[0][0], 2)
        self.assertEqual(list(house.check_text("engine/a.cc", "ok\nbad \n"))[0][0], 2)
        self.assertTrue(list(house.check_text("newfolder/a.cc", "")))
        self.assertFalse(list(house.check_text("engine/a.cc", "good\n")))
        self.assertFalse(list(house.check_text("README.md", "good\n")))


class Output(unittest.TestCase):
    def test_paths_are_shown_from_the_root(self):
        found = house.from_output("x.h", f"{house.ROOT}/engine/a.h:7:3: warning: odd [check]\n")
        self.assertEqual(found, [("engine/a.h", 7, "odd [check]")])
        self.assertEqual(house.from_output("x.h", "it broke")[0][0], "x.h")


if __name__ == "__main__":
    unittest.main()
