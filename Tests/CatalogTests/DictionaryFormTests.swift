import Catalog
import Model
import Testing

@Suite("Dictionary form")
struct DictionaryFormTests {
    static let twoTypes = [Resources(cpu: 1, ram: 512, disk: 1), Resources(cpu: 2, ram: 1024, disk: 2)]

    @Test(
        "The same types in every spelling",
        arguments: [
            // As the original page has it, to the letter.
            "\"types\": [{\n\"cpu\": 1,\n\"ram\": 512,\n\"disk\": 1\n},\n{\n\"cpu\": 2,\n\"ram\": 1024,\"disk\": 2\n},\n]",
            "{\"types\":[{\"cpu\":1,\"ram\":512,\"disk\":1},{\"cpu\":2,\"ram\":1024,\"disk\":2}]}",
            "{'types': [{'cpu': 1, 'ram': 512, 'disk': 1,}, {'disk': 2, 'ram': 1024, 'cpu': 2},],}\n",
            "\u{FEFF}# sizes\r\n\t{\t'types'\t:\t[\r\n\t\t{'cpu':1,'ram':512,'disk':1}, # small\r\n"
                + "\t\t{'cpu':2,'ram':1024,\"disk\":2}]}\r\n# end",
            "'types': [{'cpu': 1, 'ram': 512, 'disk': 1},#small\n{'cpu': 2, 'ram': 1024, 'disk': 2}],",
            // As /vm/types prints them, as a list alone, and as in a Python file.
            #"{"types":[{"tid":1,"cpu":1,"ram":512,"disk":1},{"tid":2,"cpu":2,"ram":1024,"disk":2}]}"#,
            "# sizes\n[ {\"cpu\":1,\"ram\":512,\"disk\":1},\n{\"cpu\":2,\"ram\":1024,\"disk\":2} ]",
            "# sizes\r\n\r\n\ttypes = [\r\n\t{'cpu':1,'ram':512,'disk':1}, {'cpu':2,'ram':1024,'disk':2},\r\n]\r\n# end",
            "types: [{'cpu':1,'ram':512,'disk':1}, {'cpu':2,'ram':1024,'disk':2}]",
        ]
    )
    func types(text: String) throws {
        #expect(try FlavorFile.parse(text, file: "f").entries.map(\.listing.needs) == Self.twoTypes)
    }

    @Test(
        "Addresses and machines with settings",
        arguments: [
            "'pms': ['root@10.0.0.5:22', {'address': 'b', 'overcommit_cpu': 2.5, 'domain_type': 'kvm', 'pool': 'p'}]",
            "{\"pms\":[\"root@10.0.0.5:22\",{\"pool\":\"p\",\"domain_type\":\"kvm\",\"overcommit_cpu\":2.5,\"address\":\"b\"},]}",
            "[\n'root@10.0.0.5:22', {'address': 'b', 'overcommit_cpu': 2.5, 'domain_type': 'kvm', 'pool': 'p'}]",
            "pms = ['root@10.0.0.5:22', {'address': 'b', 'overcommit_cpu': 2.5, 'domain_type': 'kvm', 'pool': 'p'}]",
        ]
    )
    func machines(text: String) throws {
        let defaults = Overcommit(cpu: 1, ram: 2, disk: 3)
        #expect(
            try PMFile.parse(text, file: "f", defaults: defaults).entries == [
                PMListing(address: try PMAddress("root@10.0.0.5:22"), overcommit: defaults),
                PMListing(
                    address: try PMAddress("b"),
                    domainType: .kvm,
                    overcommit: Overcommit(cpu: 2.5, ram: 2, disk: 3),
                    pool: "p"
                ),
            ]
        )
    }

    @Test("Images, with a space, a comma, a colon, a hash, an escape and a letter outside ASCII in their paths")
    func images() throws {
        let text = #"'images': ["/a b/c, d.qcow2", '/x: #1/é.img', "/q/\"\u00e9\\.raw"]"#
        #expect(
            try ImageFileList.parse(text, file: "f").entries.map(\.location.path) == [
                "/a b/c, d.qcow2", "/x: #1/é.img", "/q/\"é\\.raw",
            ]
        )
    }

    @Test(
        "A bad dictionary of machines is refused at the place of its fault",
        arguments: [
            Fault("{'pms': []}", .empty, "1:9", "at least one"),
            Fault("{}", .missingKey, "1:1", "'pms'"),
            Fault("{'machines': ['a']}", .unknownKey, "1:2", "pms"),
            Fault("'pms': 'a'", .wrongValue, "1:8", "no list"),
            Fault("pms = {'a', 'b'}", .wrongValue, "1:7", "no list"),
            Fault("pms = ('a')", .wrongValue, "1:7", "no list"),
            Fault("pms = ('a', 'b')", .malformed, "1:16", "no dictionary"),
            Fault("'pms': None", .wrongValue, "1:8", "no list"),
            Fault("'pms': [a]", .wrongValue, "1:9", "quotes"),
            Fault("'pms': ['a', True]", .wrongValue, "1:14", "quotes"),
            Fault("'pms': ['a',\n {'address': 'a', 'pool': 'x'}]", .duplicate, "2:2", "line 1"),
            Fault("pms = ['a',\n 'b c']", .wrongValue, "2:2", "no host"),
            Fault("pms = ['a', b]", .wrongValue, "1:13", "quotes"),
            Fault("['a',\n b]", .wrongValue, "2:2", "quotes"),
            Fault("pms = ['a'], ['b']", .malformed, nil, "one dictionary"),
            Fault("# x\n types = ['a']", .unknownKey, "2:2", "write pms"),
            Fault("'pms': ['a', 'b'\n 'c']", .malformed, "2:2", "did not find expected"),
            Fault("'pms': ['a', 'b'", .malformed, "1:17", "dictionary of the form"),
            Fault("{'pms': ['a', 'b']", .malformed, "1:19", "dictionary of the form"),
            Fault("{'pms': ['a']} x", .malformed, "1:16", "dictionary of the form"),
            Fault("{'pms': ['a']}, {'pms': ['b']}", .malformed, nil, "one dictionary"),
            Fault("'pms': ['a'], 'pms': ['b']", .duplicate, "1:1", "'pms'"),
            Fault("'pms': [['a']]", .wrongValue, "1:9", "quotes"),
            Fault("'pms': [{'pool': 'p'}]", .missingKey, "1:9", "'address'"),
            Fault("'pms': [{'address': 'a', 'overcommit': 2}]", .unknownKey, "1:26", "overcommit_cpu"),
            Fault("'pms': [{'address': 'a', 'overcommit_cpu': '2'}]", .wrongValue, "1:44", "0.1 to 100"),
            Fault("'pms': [{'address': 'a', 'overcommit_cpu': True}]", .wrongValue, "1:44", "0.1 to 100"),
            Fault("'pms': [{'address': 'a', 'overcommit_cpu': .inf}]", .wrongValue, "1:44", "0.1 to 100"),
            Fault("'pms': [{'address': 'a', 'pool': p}]", .wrongValue, "1:34", "quotes"),
            Fault("'pms': [{'address': 'a b'}]", .wrongValue, "1:21", "no host"),
            Fault("'pms': [\"a\\u0000\"]", .notText, "1:9", "control"),
            Fault("'pms': [\"a\\n\"]", .notText, "1:9", "control"),
        ]
    )
    func badMachines(fault: Fault) {
        fault.check { text throws(CatalogError) in try PMFile.parse(text, file: "f", defaults: .none) }
    }

    @Test(
        "A bad dictionary of images is refused, also where YAML would make something of it",
        arguments: [
            Fault("'images': [\"/a,\n /b\"]", .malformed, "1:12", "close the quote"),
            Fault("'images': ['/a,\n /b']", .malformed, "1:12", "close the quote"),
            Fault("'images': ['/a\\x']", .malformed, "1:12", "double quotes"),
            Fault("'images': [&x \"/a\", *x]", .malformed, "1:12", "YAML"),
            Fault("'images': &x [\"/a\"]", .malformed, "1:11", "YAML"),
            Fault("'images': [!!str \"/a\"]", .malformed, "1:12", "YAML"),
            Fault("'images': [\"/a\": \"/b\"]", .unknownKey, "1:12", "no key of an image"),
            Fault("'images': [\"../a.qcow2\"]", .wrongValue, "1:12", "/../"),
            Fault("'images': [\"/a\\tb\"]", .notText, "1:12", "control"),
            Fault("{'images': [\"/a\"]}\n---\n{'images': [\"/b\"]}", .malformed, "2:1", "form"),
        ]
    )
    func badImages(fault: Fault) {
        fault.check { text throws(CatalogError) in try ImageFileList.parse(text, file: "f") }
    }

    @Test(
        "A bad type is refused at the place of its fault",
        arguments: [
            Fault("", .missingKey, "1:1", "types"),
            Fault("1 512 1", .wrongValue, "1:1", "quotes"),
            Fault("types:\n- cpu: 1", .malformed, "2:1", "form"),
            Fault("'types': [{'cpu': 1, 'ram': 512}]", .missingKey, "1:11", "'disk'"),
            Fault("'types': [{'tid': 0, 'cpu': 1, 'ram': 512, 'disk': 1}]", .wrongValue, "1:19", "1 to 2147483647"),
            Fault("'types': [{'tid': '1', 'cpu': 1, 'ram': 512, 'disk': 1}]", .wrongValue, "1:19", "quotes"),
            Fault("'types': [{'id': 1, 'cpu': 1, 'ram': 512, 'disk': 1}]", .unknownKey, "1:12", "did you mean tid?"),
            Fault("'types': [{'cpus': 1, 'ram': 512, 'disk': 1}]", .unknownKey, "1:12", "did you mean cpu?"),
            Fault("'types': [{'cpu': 1, 'cpu': 1, 'ram': 512, 'disk': 1}]", .duplicate, "1:12", "'cpu'"),
            Fault("'types': [1]", .wrongValue, "1:11", "no dictionary"),
            Fault("'types': ['a']", .wrongValue, "1:11", "no dictionary"),
            Fault(
                "'types': [{'tid':4,'cpu':1,'ram':2,'disk':3},\n\n  {'tid':5,'disk':3,'cpu':1,'ram':2}]",
                .duplicate,
                "3:3",
                "tid 5 here and tid 4 on line 1"
            ),
            Fault(
                "'types': [{'tid':4,'cpu':1,'ram':2,'disk':3},\n  {'tid':4,'disk':3,'cpu':1,'ram':9}]",
                .duplicate,
                "2:3",
                "tid 4 is the number of the type of cpu 1, ram 2, disk 3 on line 1"
            ),
            Fault(
                "'types': [{'cpu':1,'ram':2,'disk':3},{'tid':4,'cpu':1,'ram':2,'disk':3},\n  {'tid':4,'disk':3,'cpu':1,'ram':9}]",
                .duplicate,
                "2:3",
                "tid 4 is the number of"
            ),
        ]
    )
    func badTypes(fault: Fault) {
        fault.check { text throws(CatalogError) in try FlavorFile.parse(text, file: "f") }
    }

    @Test(
        "A number that is none, or out of bounds",
        arguments: ["cpu", "ram", "disk"],
        [
            "0", "-1", "-0", "1.0", "1e3", "0x10", "0b1", "010", "1_000", "+1", "", "True", "false", "None", "null",
            "'1'",
            "\"\"", "[1]", "{'a': 1}", "nan", ".inf", "1099511627777", "9223372036854775808", "99999999999999999999999",
            "1 2",
            "1.5", "~", "１",
        ]
    )
    func badNumbers(key: String, value: String) {
        var values = ["cpu": "1", "ram": "512", "disk": "1"]
        values[key] = value
        let body = ["cpu", "ram", "disk"].map { "'\($0)': \(values[$0] ?? "")" }.joined(separator: ",\n")
        let line = ["cpu": 2, "ram": 3, "disk": 4][key]
        let error = #expect(throws: CatalogError.self) {
            try FlavorFile.parse("'types': [{\n\(body)}]", file: "f")
        }
        #expect(error?.position?.line == line, "\(String(describing: error))")
        #expect(error?.code == .wrongValue)
        #expect(error?.reason.contains("write a whole number from 1 to") == true)
    }

    @Test("The bounds themselves are taken")
    func bounds() throws {
        let text = "'types': [{'cpu': 4096, 'ram': 1073741824, 'disk': 1048576}, {'cpu': 1, 'ram': 1, 'disk': 1}]"
        #expect(
            try FlavorFile.parse(text, file: "f").entries.map(\.listing.needs) == [
                Resources(cpu: 4096, ram: 1 << 30, disk: 1 << 20), Resources(cpu: 1, ram: 1, disk: 1),
            ]
        )
    }

    @Test("Every text cut short, and every text with one byte changed, is read or refused, and never traps")
    func mutations() throws {
        let good = "{'types': [{'cpu': 1, \"ram\": 512, 'disk': 1}, {'cpu': 2, 'ram': 1024, 'disk': 2},],} # é\n"
        let bytes = Array(good.utf8)
        let lastBrace = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
        for length in 0..<bytes.count {
            let text = String(decoding: bytes[..<length], as: UTF8.self)
            if length <= lastBrace {
                #expect(throws: CatalogError.self) { try FlavorFile.parse(text, file: "f") }
            }
            for byte in [UInt8(ascii: "{"), UInt8(ascii: "'"), 0, 0x0A, UInt8(ascii: "&"), UInt8(ascii: ":"), 0xFF] {
                var mutated = bytes
                mutated[length] = byte
                let text = String(decoding: mutated, as: UTF8.self)
                let types = try? FlavorFile.parse(text, file: "f").entries
                #expect(types.map { !$0.isEmpty } ?? true)
            }
        }
    }

    @Test("Ten thousand machines on one line are read in the time that they would take on lines of their own")
    func longLine() throws {
        let addresses = (0..<10_000).map { "\"root@10.\($0 / 65_536).\($0 / 256 % 256).\($0 % 256):22\"" }
        let clock = ContinuousClock()
        func read(separator: String) throws -> Duration {
            let text = "{\"pms\": [\(addresses.joined(separator: separator))]}"
            let start = clock.now
            let machines = try PMFile.parse(text, file: "f", defaults: .none)
            let time = start.duration(to: clock.now)
            #expect(machines.entries.count == 10_000)
            return time
        }
        let lines = try read(separator: ",\n")
        let line = try read(separator: ",")
        #expect(line < lines * 4 + .seconds(1), "\(line) against \(lines)")
    }

    @Test("Deep nesting is refused and overflows no stack")
    func nesting() {
        for text in [String(repeating: "[", count: 500_000), String(repeating: "{'a':", count: 200_000)] {
            #expect(throws: CatalogError.self) { try FlavorFile.parse("'types': " + text, file: "f") }
        }
    }
}
