import Foundation
import Model
import Testing

@Suite("Amounts")
struct ResourcesTests {
    static let machine = Resources(cpu: 4, ram: 4096, disk: 160)

    @Test("An amount fits where each of its three does")
    func fits() {
        #expect(Self.machine.fits(in: Self.machine))
        #expect(Resources.zero.fits(in: .zero))
        for excess in [
            Resources(cpu: 1, ram: 0, disk: 0), Resources(cpu: 0, ram: 1, disk: 0), Resources(cpu: 0, ram: 0, disk: 1),
        ] {
            #expect(!(Self.machine + excess).fits(in: Self.machine))
            #expect((Self.machine - excess).fits(in: Self.machine))
        }
    }

    @Test("What is added can be taken away")
    func sums() {
        var amount = Self.machine
        amount += Resources(cpu: 1, ram: 2, disk: 3)
        #expect(amount == Resources(cpu: 5, ram: 4098, disk: 163))
        amount -= Resources(cpu: 6, ram: 0, disk: 0)
        #expect(amount == Resources(cpu: -1, ram: 4098, disk: 163))
    }

    @Test("Overcommit rounds down, and as people count")
    func overcommit() {
        let factors = Overcommit(cpu: 1.15, ram: 0.1, disk: 2.5)
        #expect(factors.applied(to: Resources(cpu: 100, ram: 99, disk: 3)) == Resources(cpu: 115, ram: 9, disk: 7))
        #expect(Overcommit.none.applied(to: Self.machine) == Self.machine)
    }

    @Test("Every factor of two digits gives the whole number that pen and paper give")
    func exactness() {
        for hundredths in 10...1000 {
            let factor = Double("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)") ?? 0
            for amount in [1, 3, 7, 20, 64, 100, 4096, 1_000_000, 1 << 30] {
                let product = Overcommit(cpu: factor, ram: 1, disk: 1).applied(
                    to: Resources(cpu: amount, ram: 0, disk: 0)
                )
                #expect(product.cpu == amount * hundredths / 100, "\(amount) x \(factor)")
            }
        }
    }

    @Test("A factor that is no number promises nothing", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func absurd(factor: Double) {
        let factors = Overcommit(cpu: factor, ram: factor, disk: factor)
        #expect(factors.applied(to: Self.machine) == .zero)
    }

    @Test("In JSON an amount has three keys")
    func coding() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = Data(#"{"cpu":4,"disk":160,"ram":4096}"#.utf8)
        #expect(try encoder.encode(Self.machine) == json)
        #expect(try JSONDecoder().decode(Resources.self, from: json) == Self.machine)
    }
}
