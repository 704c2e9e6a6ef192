import Bootstrap
import Model
import Testing

@Suite("Settings")
struct SettingTests {
    private func refusal<Value>(_ setting: Setting<Value>, _ text: String) -> String? {
        do throws(Failure) {
            _ = try setting.value(in: [setting.about.name: text])
            return nil
        } catch { return error.message }
    }

    @Test("A number is taken within its range, both ends included, and nothing else is")
    func numbers() throws {
        let setting = Setting<Int>.number("HVC_N", in: 1...10, fallback: 5, meaning: "a number")
        #expect(try setting.value(in: [:]) == 5)
        #expect(try setting.value(in: ["HVC_N": ""]) == 5)
        for number in [1, 10] { #expect(try setting.value(in: ["HVC_N": "\(number)"]) == number) }
        for text in ["0", "11", "-1", "1.0", "1e1", " 1", "0x1", "one", "99999999999999999999"] {
            #expect(refusal(setting, text)?.hasPrefix("HVC_N: '\(text)' is not a whole number from 1 to 10") == true)
        }
    }

    @Test("Seconds may have a fraction; what is no finite number in the range is refused")
    func seconds() throws {
        let setting = Setting<Duration>.seconds("HVC_S", in: 0.1...60, fallback: 2.5, meaning: "a time")
        #expect(try setting.value(in: [:]) == .milliseconds(2500))
        #expect(try setting.value(in: ["HVC_S": "0.1"]) == .milliseconds(100))
        for text in ["0", "60.1", "nan", "inf", "-1", "1s", "1,5"] { #expect(refusal(setting, text) != nil, "\(text)") }
        #expect(setting.about.kind == "seconds from 0.1 to 60" && setting.about.fallback == "2.5")
    }

    @Test("A ratio and a choice are taken in their forms, a choice in any case")
    func others() throws {
        let ratio = Setting<Double>.ratio("HVC_R", in: 0.5...2, fallback: 1, meaning: "a ratio")
        #expect(try ratio.value(in: ["HVC_R": "1.5"]) == 1.5)
        for text in ["0.4", "nan", "x"] { #expect(refusal(ratio, text) != nil) }
        let choice = Setting<String>.choice("HVC_C", of: ["red", "green"], fallback: "red", meaning: "a colour")
        #expect(try choice.value(in: ["HVC_C": "GREEN"]) == "green")
        #expect(refusal(choice, "grene")?.hasSuffix("did you mean green?") == true)
        #expect(refusal(choice, "blue")?.contains("one of red, green") == true)
    }

    @Test("A secret is never shown, not even where it cannot be taken")
    func secrets() {
        let about = SettingDescription("HVC_P", kind: "a word", fallback: "", meaning: "a secret", isSecret: true)
        let setting = Setting<String>(about, fallback: "") { _ in nil }
        let message = refusal(setting, "hunter2") ?? ""
        #expect(message.contains("HVC_P") && !message.contains("hunter2"))
    }

    @Test("A reader collects the faults of all settings and goes on with what each has without one")
    func reader() {
        var reader = SettingsReader(environment: ["HVC_A": "x", "HVC_B": "7", "HVC_C": "y"])
        let values = ["HVC_A", "HVC_B", "HVC_C"].map {
            reader.value(Setting<Int>.number($0, in: 1...9, fallback: 3, meaning: "a number"))
        }
        #expect(values == [3, 7, 3])
        let faults = #expect(throws: InvalidInput.self) { try reader.finish() }
        #expect(faults?.failures.count == 2)
    }
}
