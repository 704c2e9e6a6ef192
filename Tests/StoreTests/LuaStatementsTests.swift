import RedisClient
import Testing

@testable import Store

@Suite("What a script gets of its fragments")
struct LuaStatementsTests {
    private func needed(_ fragment: String, by words: Set<String>) -> String {
        var words = words
        return LuaStatements(fragment).needed(by: &words)
    }

    @Test("What the script needs, and what that needs, in its order; nothing else that is only declared")
    func needed() {
        let fragment = """
            local t = redis.call('TIME')
            -- Two lines about
            -- the first one.
            local function first(a)
              if a then
                return t
              end
            end
            local function second() return first(1) end
            local x, y = 1, {
              2,
            }
            local function third()
              return y
            end
            """
        #expect(needed(fragment, by: ["second"]).hasPrefix("local t = redis.call('TIME')\n-- Two lines about"))
        #expect(needed(fragment, by: ["second"]).hasSuffix("  end\nend\nlocal function second() return first(1) end"))
        #expect(
            needed(fragment, by: ["third"]) == "local x, y = 1, {\n  2,\n}\nlocal function third()\n  return y\nend"
        )
        #expect(needed(fragment, by: ["t"]) == "local t = redis.call('TIME')")
        #expect(needed(fragment, by: ["nothing"]).isEmpty)
        #expect(LuaStatements(fragment).names == ["t", "first", "second", "x", "y", "third"])
    }

    @Test("What does something is always kept, with what it needs")
    func statements() {
        let fragment = "local a = 1\nlocal b = 2\nend_job(a)\nif a then\n  b()\nelse\n  a()\nend"
        #expect(needed(fragment, by: []) == fragment)
        #expect(needed("local a = 1\nlocal b = 2\nend_job(a)", by: []) == "local a = 1\nend_job(a)")
    }

    @Test("Scripts are assembled of what they need alone")
    func shipped() {
        let source = StoreScript.beginStep.script.source
        #expect(source.contains("local function wrong_kind(") && source.contains("local function write_steps("))
        for unneeded in ["read_vm", "broken_pm", "groups_in", "transition", "may_become"] {
            #expect(!source.contains("local function \(unneeded)("), "\(unneeded)")
        }
    }
}
