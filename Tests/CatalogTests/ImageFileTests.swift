import Catalog
import Foundation
import Model
import TestKit
import Testing

@Suite("The image_file")
struct ImageFileTests {
    @Test("Paths may hold spaces, quotes, commas and # within; names lose the last ending only")
    func paths() throws {
        let text =
            "\u{FEFF}/images/Ubuntu12.04amd64.qcow2\r\n#/no\n  /a b/Fedora17x86_64.img \t\n\n/x/#1, it's {1}\n/x/.hidden"
        #expect(
            try ImageFileList.parse(text, file: "images").entries == [
                listing("Ubuntu12.04amd64", "/images/Ubuntu12.04amd64.qcow2"),
                listing("Fedora17x86_64", "/a b/Fedora17x86_64.img"),
                listing("#1, it's {1}", "/x/#1, it's {1}"),
                listing(".hidden", "/x/.hidden"),
            ]
        )
    }

    @Test("What is listed again, however it is spelled, is taken once and warned of; numbers leave none out")
    func repetitions() throws {
        let plain = try ImageFileList.parse("/a/x.raw\n/b\n//a/./x.raw\nh:/b\nh:/b\n/b", file: "f")
        #expect(plain.entries.map(\.location.description) == ["/a/x.raw", "/b", "h:/b"])
        #expect(plain.warnings.map(\.code) == [.duplicate, .duplicate, .duplicate])
        #expect(plain.warnings.map { $0.position?.line } == [3, 5, 6])
        #expect(plain.warnings.first?.description.contains("listed on line 1 already") == true)
        let dictionary = try ImageFileList.parse(#"'images': ["/a/disk.raw", "/a/disk.raw", '/b']"#, file: "f")
        #expect(dictionary.entries.map(\.name) == ["disk", "b"])
        #expect(dictionary.warnings.count == 1)
    }

    @Test(
        "A file on another machine is named as scp names it",
        arguments: [
            ("vm_user@host:/srv/a b/Ubuntu 12.04.img", "vm_user@host:/srv/a b/Ubuntu 12.04.img", "Ubuntu 12.04"),
            ("host:/x/$(id).qcow2", "host:/x/$(id).qcow2", "$(id)"),
            ("root@10.0.0.5:2222:/x//y.raw", "root@10.0.0.5:2222:/x/y.raw", "y"),
            ("root@[fe80::1]:/x.raw", "root@[fe80::1]:/x.raw", "x"),
            ("u@h:images/x.raw", "u@h:images/x.raw", "x"),
            ("u@h:~/images/x.raw", "u@h:images/x.raw", "x"),
            ("u@h:/a:b@c:d", "u@h:/a:b@c:d", "a:b@c:d"),
        ]
    )
    func remote(text: String, description: String, name: String) throws {
        let found = try #require(try ImageFileList.parse(text, file: "f").entries.first)
        #expect(found.location.description == description)
        #expect(found.name == name)
        guard case .remote(_, let path) = found.location else {
            Issue.record("\(found) is taken for a file here")
            return
        }
        #expect(description.hasSuffix(":" + path))
        // What stands in Redis is read as what was written there.
        #expect(try ImageLocation(found.location.description) == found.location)
    }

    @Test("A path with a colon behind a slash is one on this machine")
    func localColons() throws {
        for text in ["/a:b", "/srv/u@h:/x", "./h:/x"] {
            let found = try ImageFileList.parse(text, file: "/etc/f").entries[0].location
            guard case .local = found else {
                Issue.record("\(found) is taken for a file elsewhere")
                continue
            }
            #expect(try ImageLocation(found.description) == found)
        }
    }

    @Test("A relative name is looked up in the roots, without roots beside the file; ~ is the worker's home")
    func relative() throws {
        let directory = try TemporaryDirectory(prefix: "roots")
        defer { directory.remove() }
        let roots = ["first", "second"].map(directory.file)
        for root in roots { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false) }
        try Data().write(to: URL(filePath: roots[1] + "/b.raw"))
        let inRoots = try ImageFileList.parse("a.raw\n./b.raw\n/c", file: "/etc/hvc/images", roots: roots)
        #expect(inRoots.entries.map(\.location.path) == [roots[0] + "/a.raw", roots[1] + "/b.raw", "/c"])
        let beside = try ImageFileList.parse("x/a.raw\n~/b.raw\n~root/c.raw", file: "/etc/hvc/images")
        #expect(
            beside.entries.map(\.location.path) == ["/etc/hvc/x/a.raw", NSHomeDirectory() + "/b.raw", "/root/c.raw"]
        )
    }

    @Test("An entry of the dictionary may say as whom people log in")
    func loginUser() throws {
        let text = #"'images': ["/a.qcow2", {"path": "/b.qcow2", "login_user": "debian"}, {"path": "/c d.raw"}]"#
        let entries = try ImageFileList.parse(text, file: "f").entries
        #expect(entries.map(\.loginUser) == [nil, "debian", nil])
        #expect(entries.map(\.location.path) == ["/a.qcow2", "/b.qcow2", "/c d.raw"])
        for (faulty, code) in [
            (#""images": [{"path": "/a", "login_user": "a b"}]"#, CatalogError.Code.wrongValue),
            (#""images": [{"path": "/a", "login_user": "-x"}]"#, .wrongValue),
            (#""images": [{"user": "a"}]"#, .unknownKey),
            (#""images": [{"login_user": "a"}]"#, .missingKey),
        ] {
            let error = #expect(throws: CatalogError.self) { try ImageFileList.parse(faulty, file: "f") }
            #expect(error?.code == code)
        }
    }

    @Test(
        "A bad image_file is refused at the place of its fault",
        arguments: [
            Fault("\n", .empty, nil, "\"images\""),
            Fault("/a\n ../b.qcow2", .wrongValue, "2:2", "/../"),
            Fault("/a/b/", .wrongValue, "1:1", "folder"),
            Fault("/", .wrongValue, "1:1", "folder"),
            Fault("/a/.", .wrongValue, "1:1", "folder"),
            Fault("u@h:", .wrongValue, "1:1", "folder"),
            Fault("u@h:/a/", .wrongValue, "1:1", "folder"),
            Fault("/a/../etc/shadow", .wrongValue, "1:1", "/../"),
            Fault("u@h:../x", .wrongValue, "1:1", "/../"),
            Fault("/a/..", .wrongValue, "1:1", "/../"),
            Fault("/a\tb", .wrongValue, "1:1", "one path a line"),
            Fault("\"images\": [\"/a\\nb\"]", .notText, "1:12", "control"),
            Fault("~nobody-of-that-name/x", .wrongValue, "1:1", "no such user"),
            Fault("u@h:~other/x", .wrongValue, "1:1", "full path"),
            Fault("-oProxyCommand=x:/y", .wrongValue, "1:1", "user@host:/path"),
            Fault("a b:/y", .wrongValue, "1:1", "user@host:/path"),
            Fault("C:\\images\\x.vhdx", .wrongValue, "1:1", "Windows"),
            Fault("sftp://u@h/x/y.raw", .wrongValue, "1:1", "write u@h:/x/y.raw"),
            Fault("ssh://h:22/y.raw", .wrongValue, "1:1", "write h:22:/y.raw"),
            Fault("https://cloud.example.org/y.qcow2", .wrongValue, "1:1", "curl -fLO"),
            Fault("file:///srv/y.qcow2", .wrongValue, "1:1", "/srv/y.qcow2"),
            Fault("/" + String(repeating: "x", count: 4095), .wrongValue, "1:1", "4095"),
        ]
    )
    func badFiles(fault: Fault) {
        fault.check { text throws(CatalogError) in try ImageFileList.parse(text, file: "f") }
    }
}

func listing(_ name: String, _ path: String) -> ImageListing {
    ImageListing(name: name, location: .local(path: path))
}
