import Catalog
import Model
import Testing

@Suite("Entries that are listed again")
struct RepetitionTests {
    @Test(
        "The same machine again is taken once, with a warning that names both lines",
        arguments: [
            ("a\nb\na\n", ["a", "b"], ["3:1: 'a' is listed on line 1 already"]),
            ("a pool=x tags=p,q\na  tags=q,p pool=x", ["a"], ["2:1: 'a' is listed on line 1 already"]),
            (
                "localhost\n qemu:///system", ["localhost"],
                ["2:2: 'qemu:///system' is the machine 'localhost', which is listed on line 1 already"]
            ),
            (
                "qemu+ssh://root@h:22/system?no_tty=1\nroot@h:22", ["qemu+ssh://root@h:22/system?no_tty=1"],
                ["2:1: 'root@h:22' is the machine 'qemu+ssh://root@h:22/system?no_tty=1', which is listed on line 1"]
            ),
            (
                "'pms': ['a', 'a',\n {'address': 'a'}]", ["a"],
                ["1:14: 'a' is listed on line 1 already", "2:2: 'a' is listed on line 1 already"]
            ),
        ]
    )
    func machines(text: String, addresses: [String], warnings: [String]) throws {
        let list = try PMFile.parse(text, file: "f", defaults: .none)
        #expect(list.entries.map(\.address.description) == addresses)
        #expect(list.warnings.count == warnings.count)
        for (warning, start) in zip(list.warnings, warnings) {
            #expect(warning.description.hasPrefix("f:\(start)"), "\(warning)")
            #expect(warning.description.contains("taken once"))
        }
    }

    @Test("The same type again is taken once, with a warning, and with the number that either line gives it")
    func types() throws {
        let text = """
            'types': [{'cpu': 1, 'ram': 2, 'disk': 3}, {'tid': 9, 'cpu': 4, 'ram': 5, 'disk': 6},
            {'tid': 7, 'disk': 3, 'ram': 2, 'cpu': 1}, {'tid': 9, 'cpu': 4, 'ram': 5, 'disk': 6},
            {'cpu': 4, 'ram': 5, 'disk': 6}]
            """
        let list = try FlavorFile.parse(text, file: "f")
        #expect(
            list.entries.map(\.listing) == [
                TypeListing(needs: Resources(cpu: 1, ram: 2, disk: 3), number: TypeID(7)),
                TypeListing(needs: Resources(cpu: 4, ram: 5, disk: 6), number: TypeID(9)),
            ]
        )
        #expect(list.warnings.map { $0.position?.description } == ["2:1", "2:44", "3:1"])
        let words = "the type of cpu 1, ram 2, disk 3 is listed on line 1 already, and is taken once"
        #expect(list.warnings.first?.reason.contains(words) == true, "\(list.warnings)")
    }
}
