import Foundation
import Model
import Testing

@testable import API

@Suite("The types of bodies and answers")
struct APITypeTests {
    private static let placement = PlacementConstraints(
        architecture: "x86_64",
        tags: ["ssd"],
        notTags: ["old"],
        pm: PMID(2),
        notPMs: [PMID(3)].compactMap(\.self),
        groups: ["db": .antiAffinity]
    )

    private func json(_ value: some Encodable) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }

    private func expectSame<Value: Codable & Hashable>(_ value: Value) throws {
        #expect(try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value)) == value)
    }

    @Test("Bodies come back as they were sent")
    func bodies() throws {
        let type = try #require(TypeID(1))
        let image = try #require(ImageID(100))
        try expectSame(CreateVMRequest(name: "a <b>", type: type, image: image, placement: Self.placement))
        try expectSame(CreateVMRequest(name: "a", image: image, hold: VMID(7)))
        try expectSame(CreateHoldRequest(type: type, image: image, seconds: 60))
        try expectSame(DryRunRequest(type: type, count: 3, policy: "pack"))
        try expectSame(SetTagsRequest(tags: ["a", "b"]))
    }

    @Test("A problem that is written by hand is the one that its type writes", arguments: FailureCode.allCases)
    func problem(code: FailureCode) throws {
        for cause in [nil, "", "a \"cause\"\n\u{1}é"] {
            for job in [nil, JobID(7)] {
                let problem = Problem(Failure(code, "what\\to do", cause: cause), job: job, request: "r-1")
                let text = try JSONDecoder().decode(JSONValue.self, from: Data(problem.json.utf8))
                #expect(try json(problem) == text)
                try expectSame(problem)
            }
        }
    }

    @Test("The form of each type is known")
    func forms() {
        for call in Endpoints.all where call.answer != JSONValue.self {
            #expect(Schema(of: call.answer) != .any, "\(call.name)")
            if let body = call.body { #expect(Schema(of: body) != .any, "\(call.name)") }
        }
        #expect(
            Schema(of: Problem.self) != .any && Schema(of: JobAccepted.self) != .any && Schema(of: VMGone.self) != .any
        )
    }

    @Test("A type's form has its fields as JSON has them, which may be left out, and their bounds")
    func fields() throws {
        let form = Schema(of: CreateHoldRequest.self)
        #expect(
            form.fieldNames?.sorted() == [
                "address", "expires_in_s", "image_id", "instance_type", "networks", "placement", "project",
            ]
        )
        #expect(form[field: "expires_in_s"] == .integer(1...604_800))
        #expect(
            form[field: "placement"]?[field: "groups"]
                == .map(.string(oneOf: ["affinity", "anti_affinity", "spread"]), most: 8)
        )
        guard case .object(let name, let fields) = form else { throw Failure(.internalFault, "no object") }
        #expect(name == "CreateHoldRequest")
        #expect(fields.filter(\.isRequired).map(\.name).sorted() == ["expires_in_s", "image_id", "instance_type"])
        #expect(Schema(of: CapacityResponse.self)[field: "types"] != nil)
    }

    @Test(
        "What the document says of a label is what a label is",
        arguments: [
            "a", "A.b-c_9", "9", "", ".a", "-a", "a b", "a,b", "é", "a\n", String(repeating: "x", count: 64),
            String(repeating: "x", count: 65),
        ]
    )
    func labels(text: String) throws {
        guard case .pattern(let pattern, let longest) = Schema.label else {
            throw Failure(.internalFault, "no pattern")
        }
        let isTaken: Bool
        do throws(Failure) {
            try Label.validate(text)
            isTaken = true
        } catch {
            isTaken = false
        }
        #expect(try (Regex(pattern).wholeMatch(in: text) != nil && text.count <= longest) == isTaken)
    }

    @Test("Any JSON is read and written as it is")
    func anyJSON() throws {
        let text = #"{"a":[1,2.5,"x",null,true,{"b":{}}],"c":-3}"#
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(value == ["a": [1, .number(2.5), "x", .null, true, ["b": [:]]], "c": -3])
        #expect(try json(value) == value)
    }
}
