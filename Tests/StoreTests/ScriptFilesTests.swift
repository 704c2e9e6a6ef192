import Foundation
import Model
import RedisClient
import Testing

@testable import Store

@Suite("Scripts as files")
struct ScriptFilesTests {
    private func file(_ name: String, _ text: String) -> LuaFile { LuaFile(name, Array(text.utf8)) }

    @Test("A script has what it needs once, after what that needs, and its arguments by their names")
    func assembled() {
        let library = LuaLibrary(
            fragments: [
                file("time", "-- Time.\n\nlocal now = 1"), file("events", "-- needs: time\nlocal event = now"),
                file("unused", "local unused"),
            ],
            constants: ["most": 7]
        )
        let script = file(
            "say",
            """
            -- Says it.
            --
            -- ARGV what     what is said
            -- ARGV more...  more of it
            -- needs: events, time
            -- constants: most

            return event + now
            """
        )
        #expect(script.arguments == ["what"] && script.rest == "more")
        let lines = library.source(of: script).split(separator: "\n").filter { !$0.isEmpty }
        #expect(
            lines == [
                "#!lua flags=allow-oom", "local P = KEYS[1]", "local what = ARGV[1]", "local more = 2",
                "local most = 7", "local now = 1",
                "local event = now", "return event + now",
            ]
        )
    }

    @Test("A script that declares what is not there says so when it is called", arguments: ["needs", "constants"])
    func missing(_ what: String) {
        let library = LuaLibrary(fragments: [], constants: [:])
        let source = library.source(of: file("say", "-- \(what): nothing\nreturn 1"))
        #expect(source.contains("error('say.lua") && source.contains("nothing: there is none"))
        let fragments = LuaLibrary(fragments: [file("a", "-- uses: job\nlocal a = job")], constants: [:])
        #expect(fragments.source(of: file("say", "-- needs: a\nreturn a")).contains("say.lua has no argument job"))
    }

    @Test("All files of Scripts/ are in use, each by the name of its file, and none declares what is not there")
    func complete() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Shared/Store/Scripts")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path()).filter { $0.hasSuffix(".lua") }
        let scripts = StoreScript.all.map(\.script)
        var fragments: Set<String> = []
        for path in paths {
            let name = String(path.split(separator: "/").last?.dropLast(4) ?? "")
            if path.hasPrefix("Fragments/") {
                fragments.insert(name)
                let file = LuaFile(name, Array(try Data(contentsOf: folder.appending(path: path))))
                for declared in file.statements.names {
                    let declaration = try Regex("(?m)^local (function )?([a-z_]+, )*\(declared)\\b")
                    let isThere = scripts.contains { $0.source.contains(declaration) }
                    #expect(isThere, "no script needs \(declared) of the fragment \(name)")
                }
            } else {
                #expect(scripts.contains { $0.name == name }, "no script is \(path)")
            }
        }
        #expect(paths.count == scripts.count + fragments.count)
        for script in scripts { #expect(!script.source.contains(": there is none"), "\(script.name)") }
    }

    @Test("Arguments are passed by name: a missing, unknown or misplaced one is an error before anything is sent")
    func named() throws {
        let script = StoreScript("say", Array("-- ARGV a  one\n-- ARGV b  two\nreturn 1".utf8))
        #expect(try script.values(["a": 1, "b": 2], more: []).count == 2)
        for arguments: ScriptArguments in [["a": 1], ["b": 2, "a": 1], ["a": 1, "c": 2], ["a": 1, "b": 2, "c": 3]] {
            let failure = #expect(throws: Failure.self) { try script.values(arguments, more: []) }
            #expect(failure?.code == .internalFault)
        }
        #expect(throws: Failure.self) { try script.values(["a": 1, "b": 2], more: [3]) }
    }

    @Test("A reply of another form is an error that shows it")
    func replies() async throws {
        #expect(Bool(.integer(2), keys: Keys()) == nil && Bool(.integer(1), keys: Keys()) == true)
        #expect([JobID](.array([.integer(1), .bulkString("x")]), keys: Keys()) == nil)
        #expect(ClaimOutcome(.array([.bulkString("ok")]), keys: Keys()) == nil)
        #expect(StepPermit(.array([.bulkString("go")]), keys: Keys()) == nil)
        #expect(DuplicateOutcome(.bulkString("elsewhere"), keys: Keys()) == nil)
        try await StoreFixture.with { (fixture) async throws in
            let odd = StoreScript("odd", Array("return {'odd'}".utf8))
            let failure = await #expect(throws: Failure.self) { let _: Bool = try await fixture.store.run(odd) }
            #expect(failure?.code == .internalFault && failure?.cause?.contains("odd") == true)
        }
    }
}
