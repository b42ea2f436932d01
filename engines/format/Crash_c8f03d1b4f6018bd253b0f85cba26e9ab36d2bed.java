import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_c8f03d1b4f6018bd253b0f85cba26e9ab36d2bed {
    static final String base64Bytes = String.join("", "aGUndCA8fGltX3MgMTIzLi4vamF6emVyLS10cmF2ZXJzYWwgw6nwppqyDQos4paBCgllbmQ=");

    public static void main(String[] args) throws Throwable {
        Crash_c8f03d1b4f6018bd253b0f85cba26e9ab36d2bed.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = dev.gearbox.format.tokenizer.TokenizerFuzzTest.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = dev.gearbox.format.tokenizer.TokenizerFuzzTest.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        dev.gearbox.format.tokenizer.TokenizerFuzzTest.fuzzerTestOneInput(input);
    }
}